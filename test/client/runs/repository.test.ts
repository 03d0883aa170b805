import { execFileSync } from 'node:child_process';
import { mkdirSync, realpathSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { CliSession } from '../../support/cli-session';

// Nobody listens on port 1: whatever is told here is told before a server is looked for.
let cli: CliSession;
let repo: string;
beforeEach(() => {
  cli = new CliSession({ TEMPORAL_ADDRESS: '127.0.0.1:1' });
  repo = path.join(realpathSync(cli.folder), 'shop');
  mkdirSync(repo);
  git('init', '-q', '-b', 'main');
  writeFileSync(path.join(cli.folder, 'p.yaml'), 'name: p\nstages:\n  a: { run: "true" }\n');
});
afterEach(() => cli.end());

function git(...args: string[]): void {
  const who = ['-c', 'user.name=Test', '-c', 'user.email=test@example.com'];
  execFileSync('git', [...who, ...args], { cwd: repo, stdio: 'ignore' });
}

const start = (...more: string[]) => cli.run('start', 'p.yaml', '--repo', 'shop', ...more);

it('a repository without a commit is told before anything is started', async () => {
  expect(await start()).toEqual({
    ...{ code: 2, out: '' },
    err: '--repo shop has no commit yet, and a run starts from one. Nothing was started.\nCommit something first.\n',
  });
});

describe('with a commit', () => {
  beforeEach(() => git('commit', '-q', '--allow-empty', '-m', 'start'));

  it('a base that is not there is told, with the one that was meant', async () => {
    expect(await start('--base', 'mian')).toEqual({
      ...{ code: 2, out: '' },
      err: `--base mian: there is no such branch, tag or commit in ${repo}. Did you mean "main"? Nothing was started.\n`,
    });
  });

  it.each(['main', 'HEAD', 'v1', 'upstream'])('the base %s is found', async (base) => {
    git('tag', 'v1');
    git('update-ref', 'refs/remotes/origin/upstream', 'HEAD');
    expect(await start('--base', base, '--check')).toMatchObject({ code: 0, err: '' });
  });

  it('a base that looks like an option is no option of git', async () => {
    expect(await start('--base=--help')).toMatchObject({
      code: 2,
      err: expect.stringContaining('--base --help: there is no') as string,
    });
  });

  it('warns of what is not committed, and of nothing else', async () => {
    expect((await start('--check')).err).toBe('');
    writeFileSync(path.join(repo, 'new.txt'), 'x');
    const { code, err } = await start('--check');
    expect({ code, err }).toEqual({
      code: 0,
      err: '--repo shop: 1 file in it is not committed; the run starts from a commit and does not see that.\n',
    });
  });
});
