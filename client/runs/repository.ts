import { execFile } from 'node:child_process';
import { existsSync, realpathSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { slug } from '../../contracts/ids';
import { suggestion } from '../../contracts/nearest-word';
import { UserError } from '../faults';

/** The repository a run is to work on, as it is told to the run. */
export interface Repository {
  /** An address git can clone, or the top folder of a repository of this machine. */
  readonly repo: string;
  /** One line about what the run will not see. */
  readonly warning?: string;
}

/** Look at a repository before anything is started. Fails: UserError when no run could begin in it. */
export async function findRepository(given: string, base: string | undefined, cwd: string): Promise<Repository> {
  const local = path.resolve(cwd, given);
  if (!existsSync(local)) {
    if (/^[a-z][a-z0-9+.-]*:\/\/|^[^/\s@]+@[^/\s:]+:/i.test(given)) return { repo: given };
    throw new UserError(`--repo ${given}: there is no such folder, and it is no address git can clone.`);
  }
  const top = await git(local, ['rev-parse', '--show-toplevel']);
  if (top === undefined)
    throw new UserError(`--repo ${given} is no git repository with a worktree.`, 'Make it one with `git init`.');
  const repo = realpathSync(top);
  await requireBase(given, repo, base);
  const changes = await uncommitted(repo);
  if (changes === 0) return { repo };
  const files = changes === 1 ? '1 file in it is' : `${changes} files in it are`;
  return {
    repo,
    warning: `--repo ${given}: ${files} not committed; the run starts from a commit and does not see that.`,
  };
}

async function requireBase(given: string, repo: string, base: string | undefined): Promise<void> {
  if (!(await isCommit(repo, 'HEAD')) && (await git(repo, ['rev-list', '-n', '1', '--all'])) === '') {
    throw new UserError(
      `--repo ${given} has no commit yet, and a run starts from one. Nothing was started.`,
      'Commit something first.',
    );
  }
  const places = base === undefined ? ['HEAD'] : [`refs/heads/${base}`, base, `refs/remotes/origin/${base}`];
  for (const place of places) if (await isCommit(repo, place)) return;
  const branches = (await git(repo, ['for-each-ref', '--format=%(refname:short)', 'refs/heads', 'refs/tags'])) ?? '';
  const known = branches.split('\n').filter((name) => name !== '');
  const what =
    base === undefined
      ? `--repo ${given}: its current branch has no commit.`
      : `--base ${base}: there is no such branch, tag or commit in ${repo}. ${suggestion(base, known) ?? ''}`.trim();
  throw new UserError(
    `${what} Nothing was started.`,
    base === undefined ? 'Name another branch with --base.' : undefined,
  );
}

async function isCommit(repo: string, name: string): Promise<boolean> {
  return (await git(repo, ['rev-parse', '--verify', '--quiet', '--end-of-options', `${name}^{commit}`])) !== undefined;
}

async function uncommitted(repo: string): Promise<number> {
  const lines = (await git(repo, ['status', '--porcelain'])) ?? '';
  return lines.split('\n').filter((line) => line.trim() !== '').length;
}

/** What git says; undefined when it refuses. */
async function git(folder: string, args: readonly string[]): Promise<string | undefined> {
  try {
    const { stdout } = await promisify(execFile)('git', ['-C', folder, ...args], { maxBuffer: 64 * 1024 * 1024 });
    return stdout.trim();
  } catch {
    return undefined;
  }
}

/** The project a run belongs to: the given one, else the repository's name, else the folder's. Fails: UserError. */
export function projectOf(given: string | undefined, repo: string | undefined, cwd: string): string {
  if (given !== undefined && slug(given) !== given) {
    throw new UserError(
      `--project ${given}: a project's name holds small letters, digits and - only.`,
      `Perhaps ${slug(given)}?`,
    );
  }
  return given ?? slug(path.basename((repo ?? cwd).replace(/\/+$/, '').replace(/\.git$/, '')));
}
