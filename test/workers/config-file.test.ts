import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { namesOfKeys, readConfigFile } from '../../workers/config-file';
import { secretsOf } from '../../workers/secrets';
import { compileSources } from '../support/compile-sources';
import { temporaryDirectory } from '../support/temporary-home';

let folder: string;
beforeEach(async () => (folder = await temporaryDirectory()));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function write(name: string, text: string): string {
  const file = path.join(folder, name);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, text);
  return file;
}

describe('the file of the configuration', () => {
  it('is the one that GANTRY_CONFIG names, else the one in the home, else none', () => {
    const home = path.join(folder, 'home');
    expect(readConfigFile({ GANTRY_HOME: home })).toBeUndefined();
    const inHome = write('home/gantry.config.yaml', 'organisation: home');
    const named = write('models.yaml', 'organisation: named');
    expect(readConfigFile({ GANTRY_HOME: home })).toEqual({ text: 'organisation: home', source: inHome });
    const env = { GANTRY_HOME: home, GANTRY_CONFIG: named };
    expect(readConfigFile(env)).toEqual({ text: 'organisation: named', source: named });
  });

  it('that is named and not there is no reason to take another', () => {
    write('gantry.config.yaml', 'organisation: home');
    const env = { GANTRY_HOME: folder, GANTRY_CONFIG: path.join(folder, 'none.yaml') };
    expect(() => readConfigFile(env)).toThrow(/GANTRY_CONFIG names .*none\.yaml, which cannot be read: ENOENT/);
  });
});

describe('keys', () => {
  const TEXT = `
providers:
  ollama: { models: [m] }
  house: { base-url: "http://127.0.0.1:9/v1", models: [m], key: HOUSE_WORD }
gateway: { keys: { ci: { key: CI_WORD } } }
`;

  it('are masked whatever their variables are called, also where nobody asks their provider today', () => {
    const env = {
      GANTRY_CONFIG: write('c.yaml', TEXT),
      GANTRY_PROVIDERS: 'ollama',
      ...{ HOUSE_WORD: 'canary-house-4711', CI_WORD: 'canary-ci-4711', OTHER_WORD: 'not-a-secret-4711' },
    };
    expect(namesOfKeys(env)).toEqual(['HOUSE_WORD', 'CI_WORD']);
    const { redactor } = secretsOf(env);
    const said = redactor.redact('canary-house-4711 canary-ci-4711 not-a-secret-4711');
    expect(said).not.toContain('canary');
    expect(said).toContain('not-a-secret-4711');
  });

  it('of a configuration with mistakes are not looked for: it is refused with all of them', () => {
    const env = { GANTRY_CONFIG: write('c.yaml', 'providers: { x: { models: [m] } }\nrutes: []') };
    expect(() => secretsOf(env)).toThrow(/c\.yaml:1:\d+ .*no base-url[^]*c\.yaml:2:1 .*Did you mean "routes"/);
  });
});

describe('the worker, as a process', () => {
  let compiled: string;
  beforeAll(() => (compiled = compileSources('worker-config', ['contracts', 'activities', 'workers'])));
  afterAll(() => rmSync(compiled, { recursive: true, force: true }));

  it('does not start with mistakes, and says all of them', () => {
    const file = write('c.yaml', 'providers:\n  anthropic: { modles: [m] }\nrutes: []\n');
    const { status, stderr, stdout } = spawnSync(process.execPath, [path.join(compiled, 'workers', 'main.js')], {
      // Nobody listens on port 1: that is found out later than mistakes are.
      env: { PATH: process.env['PATH'], GANTRY_HOME: folder, GANTRY_CONFIG: file, TEMPORAL_ADDRESS: '127.0.0.1:1' },
      encoding: 'utf8',
    });
    expect({ status, stdout, stderr }).toEqual({
      status: 1,
      stdout: '',
      stderr: [
        `gantry worker: ${file}:2:16  there is no field "modles" in providers.anthropic. Did you mean "models"?`,
        `${file}:3:1  there is no field "rutes". Did you mean "routes"?\n`,
      ].join('\n'),
    });
  });
});
