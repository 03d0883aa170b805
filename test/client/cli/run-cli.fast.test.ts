import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { resolveTarget } from '../../../client/target';
import { EXIT } from '../../../contracts/errors';
import { CliSession } from '../../support/cli-session';

let cli: CliSession;
// Nobody listens on port 1.
beforeEach(() => (cli = new CliSession({ TEMPORAL_ADDRESS: '127.0.0.1:1' })));
afterEach(() => cli.end());

describe('arguments', () => {
  it('a mistyped command is answered with the nearest one', async () => {
    const { code, err } = await cli.run('stauts');
    expect(code).toBe(EXIT.usage.code);
    expect(err).toContain('Did you mean status?');
  });

  it.each([
    [['approve'], "missing required argument 'run'"],
    [['priority', 'latest', '11'], 'It must be 1 (last) to 10 (first), got 11.'],
    [['start', 'p.yaml', '--priority', '0'], 'It must be 1 (last) to 10 (first), got 0.'],
    [['list', '--limit', 'none'], 'It must be a whole number above 0, got none.'],
    [['start', 'p.yaml', '--mode', 'bold'], 'Allowed choices are observe'],
    [['status', 'latest', 'too', 'many'], 'too many arguments'],
  ])('%j is a mistake of usage', async (argv, message) => {
    const { code, err } = await cli.run(...argv);
    expect({ code, err }).toEqual({ code: EXIT.usage.code, err: expect.stringContaining(message) as string });
  });

  it('--help and --version are no failures', async () => {
    expect(await cli.run('--help')).toMatchObject({ code: 0, out: expect.stringContaining('Exit codes:') as string });
    expect(await cli.run('--version')).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) as string,
    });
  });
});

describe('a server that is not there', () => {
  it('is named, with where its address came from and what to do', async () => {
    const { code, err } = await cli.run('status');
    expect(code).toBe(EXIT.unreachable.code);
    expect(err).toContain('No Temporal server answers at 127.0.0.1:1 (from TEMPORAL_ADDRESS)');
    expect(err).toContain('gantry dev');
  });

  it('at the default address, it is said why that was tried', async () => {
    const other = new CliSession({ TEMPORAL_ADDRESS: '' });
    const { address, source } = resolveTarget({ home: other.folder, env: {} });
    expect({ address, source }).toEqual({
      address: '127.0.0.1:7233',
      source: `the default, since no \`gantry dev\` runs under ${other.folder}`,
    });
    other.end();
  });

  it('is an object for programs', async () => {
    const { code, out, err } = await cli.run('list', '--json');
    expect({ code, err }).toEqual({ code: EXIT.unreachable.code, err: '' });
    expect(JSON.parse(out)).toMatchObject({ error: { kind: 'ServiceError', exitCode: EXIT.unreachable.code } });
  });
});

describe('start', () => {
  it('a file that is not there is said before a server is looked for', async () => {
    expect(await cli.run('start', 'none.yaml')).toMatchObject({
      code: EXIT.usage.code,
      err: expect.stringContaining('none.yaml: there is no such file. Nothing was started.') as string,
    });
  });

  it('every mistake of a file is told with its place', async () => {
    writeFileSync(
      path.join(cli.folder, 'p.yaml'),
      'name: p\nstages:\n  a: { run: "true", needs: [c] }\n  b: { run: "true", timeout: soon }\n',
    );
    const { code, err } = await cli.run('start', 'p.yaml', '--check');
    expect(code).toBe(EXIT.usage.code);
    expect(err).toMatch(/^p\.yaml:3:\d+ /m);
    expect(err).toMatch(/^p\.yaml:4:\d+ /m);
    expect(err).toContain('Nothing was started.');
  });

  it('a stage that works in a repository needs one', async () => {
    writeFileSync(path.join(cli.folder, 'p.yaml'), 'name: p\nstages:\n  a: { run: "true" }\n');
    const { code, err } = await cli.run('start', 'p.yaml');
    expect(code).toBe(EXIT.usage.code);
    expect(err).toContain('--repo');
  });
});

describe('init', () => {
  it('writes a file that start accepts, and never writes over one', async () => {
    expect(await cli.run('init', 'feature.yaml')).toMatchObject({ code: 0 });
    const file = path.join(cli.folder, 'feature.yaml');
    const text = readFileSync(file, 'utf8');
    expect(text).toMatch(/^# yaml-language-server: \$schema=\S+pipeline\.schema\.json\n/);
    expect(await cli.run('start', 'feature.yaml', '--check', '--repo', '.', '--input', 'request=x')).toMatchObject({
      code: 2,
      err: expect.stringContaining('git repository') as string,
    });

    writeFileSync(file, 'mine');
    expect(await cli.run('init', 'feature.yaml')).toMatchObject({ code: EXIT.usage.code });
    expect(readFileSync(file, 'utf8')).toBe('mine');
  });
});

it('completion offers commands, and options of the command that is written', async () => {
  expect((await cli.run('complete', '--', 'sta')).out).toBe('start\nstatus\n');
  expect((await cli.run('complete', '--', 'start', '--inp')).out).toBe('--input\n');
  expect((await cli.run('complete', '--', 'sessions', 're')).out).toBe('restart\nreserve\n');
  expect((await cli.run('complete', '--', 'sessions', 'stop', '--fo')).out).toBe('--force\n');
});

it('completion offers what the configuration names: providers, models, budgets, teams and tasks', async () => {
  const config = [
    'providers: { ollama: { models: [a, b] }, house: { base-url: http://127.0.0.1:1/v1, models: [c] } }',
    'chains: { cheap: [ollama] }',
    'routes: [{ task: [review, code], chain: cheap }]',
    'budgets: { teams: { web: { jobs: { site: {} } } } }',
  ];
  writeFileSync(path.join(cli.folder, 'gantry.config.yaml'), config.join('\n'));
  const offered = async (...words: string[]) => (await cli.run('complete', '--', ...words)).out.trim().split('\n');
  expect(await offered('providers', 'reset', 'o')).toEqual(['ollama', 'ollama/a', 'ollama/b']);
  expect(await offered('budget', 'set', '')).toEqual(['org', 'web', 'web/site']);
  expect(await offered('budget', 'set', 'web', '5', '--window', 'm')).toEqual(['month']);
  expect(await offered('ask', 'x', '--model', 'c')).toEqual(['cheap', 'c']);
  expect(await offered('routing', 'explain', '--task', '')).toEqual(['review', 'code']);
  expect(await offered('ask', '--team', '')).toEqual(['web']);
});

it('Ctrl-C ends a command that waits with its own exit code', async () => {
  cli.interrupt.abort();
  expect(await cli.run('status')).toMatchObject({ code: EXIT.interrupted.code });
});
