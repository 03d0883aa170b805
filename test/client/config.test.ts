import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { findConfigFile, loadModelConfig } from '../../client/config';
import { examineModels, providersOf } from '../../client/doctor/examine-models';
import { EXIT } from '../../contracts/errors';
import { CliSession } from '../support/cli-session';
import { json } from '../support/model-wire';
import { startUpstream } from '../support/scripted-upstream';

/** Nobody listens on port 1: neither a server nor an Ollama of this machine decides a test. */
const AWAY = { TEMPORAL_ADDRESS: '127.0.0.1:1', OLLAMA_HOST: '127.0.0.1:1' };

let cli: CliSession;
let home: string;
beforeEach(() => {
  cli = new CliSession(AWAY);
  home = path.join(cli.folder, 'home');
  mkdirSync(home);
});
afterEach(() => cli.end());

function write(name: string, text: string): string {
  const file = path.join(cli.folder, name);
  writeFileSync(file, text);
  return file;
}

const place = (env: Record<string, string> = {}, named?: string) => ({
  ...{ env: { ...AWAY, ...env }, cwd: cli.folder, home },
  ...(named !== undefined && { named }),
});

describe('the file', () => {
  it('is that of --config, of GANTRY_CONFIG, of this folder, of the home, in this order', () => {
    const found = () => findConfigFile(place({ GANTRY_CONFIG: 'b.yaml' }, 'a.yaml'));
    expect(findConfigFile(place())).toBeUndefined();
    expect(found).toThrow('--config names a.yaml, which does not exist');
    expect(() => findConfigFile(place({ GANTRY_CONFIG: 'b.yaml' }))).toThrow('GANTRY_CONFIG names b.yaml');
    const inHome = write('home/gantry.config.yaml', '');
    expect(findConfigFile(place())).toBe(inHome);
    const here = write('gantry.config.yaml', '');
    expect(findConfigFile(place())).toBe(here);
    const b = write('b.yaml', '');
    expect(findConfigFile(place({ GANTRY_CONFIG: 'b.yaml' }))).toBe(b);
    const a = write('a.yaml', '');
    expect(found()).toBe(a);
  });

  it('under a name that is not read is not passed over in silence', () => {
    write('gantry.config.yml', 'budgets: { limits: { day: 1 } }');
    write('home/gantry.config.yaml', '');
    expect(() => findConfigFile(place())).toThrow('gantry.config.yml is not read under this name');
    expect(findConfigFile(place({}, 'gantry.config.yml'))).toMatch(/gantry\.config\.yml$/);
    const here = write('gantry.config.yaml', '');
    expect(findConfigFile(place())).toBe(here);
  });

  it('is called as it is seen from here, and nothing is asked where it says who answers', async () => {
    write('gantry.config.yaml', 'providers: { anthropic: }');
    const { config, file, notes } = await loadModelConfig(place());
    expect(config).toMatchObject({ source: 'gantry.config.yaml', providers: [{ name: 'anthropic' }] });
    expect({ file, notes }).toEqual({ file: path.join(cli.folder, 'gantry.config.yaml'), notes: [] });
  });

  it('may be left out: then the environment decides, with an Ollama that answers', async () => {
    const ollama = await startUpstream();
    try {
      ollama.reply(json(200, { models: [{ name: 'qwen3:8b' }] }));
      const { config, file } = await loadModelConfig(place({ OLLAMA_HOST: ollama.url, ANTHROPIC_API_KEY: 'k' }));
      expect(config).toMatchObject({
        source: 'the environment',
        providers: [{ name: 'anthropic' }, { models: ['qwen3:8b'] }],
      });
      expect(file).toBeUndefined();
    } finally {
      await ollama.close();
    }
  });
});

const WRONG = 'providers:\n  anthropic: { modles: [m] }\nrutes: []\n';

describe('mistakes', () => {
  it.each([['dev', '--offline'], ['worker'], ['host', '--pool', 'codex=1'], ['gateway']])(
    'are all told before `gantry %s` starts anything',
    async (...argv) => {
      write('gantry.config.yaml', WRONG);
      const { code, err, out } = await cli.run(...argv);
      expect({ code, out }).toEqual({ code: EXIT.usage.code, out: '' });
      expect(err).toBe(
        [
          'gantry.config.yaml:2:16  there is no field "modles" in providers.anthropic. Did you mean "models"?',
          'gantry.config.yaml:3:1  there is no field "rutes". Did you mean "routes"?',
          'Nothing was started.\n',
        ].join('\n'),
      );
    },
  );

  it('are objects for programs', async () => {
    write('c.yaml', WRONG);
    const { code, out } = await cli.run('worker', '--config', 'c.yaml', '--json');
    expect(code).toBe(EXIT.usage.code);
    expect(JSON.parse(out)).toMatchObject({
      error: { kind: 'ConfigurationInvalid', problems: [{ file: 'c.yaml', line: 2, column: 16 }, { path: ['rutes'] }] },
    });
  });

  it('of variables are told by their names', async () => {
    const other = new CliSession({ ...AWAY, GANTRY__GATEWAY__PROT: '1' });
    const { code, err } = await other.run('worker');
    other.end();
    expect({ code, err }).toEqual({
      code: EXIT.usage.code,
      err: expect.stringContaining(
        'GANTRY__GATEWAY__PROT: there is no "PROT" in gateway. Did you mean GANTRY__GATEWAY__PORT?',
      ) as string,
    });
  });

  it.each([
    [['worker', '--config', 'none.yaml'], '--config names none.yaml, which does not exist.'],
    [['worker', '--config'], '--config needs the path of a file.'],
  ])('%j names no file', async (argv, message) => {
    const { code, err } = await cli.run(...argv);
    expect({ code, err }).toEqual({ code: EXIT.usage.code, err: expect.stringContaining(message) as string });
  });
});

describe('init --config', () => {
  it('writes a file that is valid, with a schema that is there, and never over another', async () => {
    const { code, out } = await cli.run('init', '--config');
    expect({ code, out }).toEqual({
      code: 0,
      out: 'gantry.config.yaml written. Look at who answers with `gantry doctor`.\n',
    });
    const text = readFileSync(path.join(cli.folder, 'gantry.config.yaml'), 'utf8');
    const schema = /^# yaml-language-server: \$schema=(.*)$/m.exec(text)?.[1] ?? '';
    expect(JSON.parse(readFileSync(path.resolve(cli.folder, schema), 'utf8'))).toMatchObject({
      title: 'gantry configuration',
    });
    expect((await loadModelConfig(place())).config.providers).toHaveLength(3);
    expect(await cli.run('init', '--config')).toMatchObject({ code: EXIT.usage.code });
  });

  it('under another name says how that is read, and of two names takes neither', async () => {
    expect((await cli.run('init', '--config', 'other.yaml')).out).toContain('`gantry --config other.yaml doctor`');
    expect(await cli.run('init', 'one.yaml', '--config', 'two.yaml')).toMatchObject({ code: EXIT.usage.code });
    expect(() => readFileSync(path.join(cli.folder, 'two.yaml'))).toThrow('ENOENT');
  });

  it.each([[['init', '--config', 'models.yaml']], [['init', 'models.yaml', '--config']]])(
    '%j names it',
    async (argv) => {
      expect(await cli.run(...argv)).toMatchObject({ code: 0 });
      expect(readFileSync(path.join(cli.folder, 'models.yaml'), 'utf8')).toContain('providers:');
    },
  );
});

describe('doctor', () => {
  const lines = async (env: Record<string, string> = {}) =>
    (await examineModels(place(env))).map(({ level, what, found }) => `${level} ${what}: ${found}`);

  it('says where the configuration is from, who answers, and whose key is missing', async () => {
    const file = write(
      'gantry.config.yaml',
      'providers: { anthropic: , house: { base-url: "http://h/v1", models: [a, b], key: HOUSE } }',
    );
    expect(await lines({ HOUSE: 'canary' })).toEqual([
      `ok Configuration: ${file}`,
      'ok Model providers: house (a, b)',
      'warn Key of anthropic: ANTHROPIC_API_KEY is not set in this environment',
    ]);
    expect(await providersOf(place({ HOUSE: 'canary' }))).toEqual(['house']);
  });

  it('says that the environment decides, and that nobody is there', async () => {
    expect(await lines()).toEqual([
      'ok Configuration: the environment',
      'warn Model providers: none in this environment',
      'warn Ollama: No Ollama answers at http://127.0.0.1:1 (OLLAMA_HOST): start it with `ollama serve`.',
    ]);
  });

  it('looks whether an Ollama of the file has what it is asked for', async () => {
    const ollama = await startUpstream();
    try {
      write(
        'gantry.config.yaml',
        `providers: { house: { vendor: ollama, base-url: "${ollama.url}", models: [a, b] }, ollama: { models: [c] } }`,
      );
      ollama.reply(json(200, { models: [{ name: 'a:latest' }] }));
      expect((await lines()).slice(2)).toEqual([
        `warn house: the Ollama at ${ollama.url} has no b`,
        'warn ollama: no Ollama answers at http://127.0.0.1:1',
      ]);
    } finally {
      await ollama.close();
    }
  });

  it('has every mistake', async () => {
    write('gantry.config.yaml', WRONG);
    const [finding, ...more] = await examineModels(place());
    expect(more).toEqual([]);
    expect(finding).toMatchObject({
      level: 'fail',
      what: 'Configuration',
      found: expect.stringMatching(/modles[^]*rutes/) as string,
    });
    expect(await providersOf(place())).toEqual([]);
  });
});
