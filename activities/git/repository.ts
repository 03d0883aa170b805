import { mkdir, rename, rm, stat } from 'node:fs/promises';
import { randomUUID } from 'node:crypto';
import { resolve, sep } from 'node:path';
import { pathToFileURL } from 'node:url';
import { failure } from '../failure';
import { withLock } from '../files/lock';
import type { Host } from '../host';
import { PATIENCE_WITH_LOCKS, withoutPasswords } from './git';
import { resolveCommit } from './names';

/** Addresses git may clone from. Others, such as `ext::`, could run a program. */
const URL = /^(?:(?:https?|ssh|git|file):\/\/|[A-Za-z0-9_.-]+@[A-Za-z0-9_.-]+:(?!:))/;

/** All of a large repository, over a slow line: below the limit of preparing a workspace. */
const FETCH_LIMIT_MS = 20 * 60_000;

/**
 * The directory of a repository on this host: a path as it is, an address as a bare clone that is made once and
 * brought up to date each time. Fails: Git.Failed.
 */
export async function openRepository(host: Host, repo: string): Promise<string> {
  if (URL.test(repo)) return openMirror(host, repo);
  const found = await findRepository(host, repo);
  if (found !== undefined) return found;
  throw failure(
    'Git.Failed',
    `${withoutPasswords(repo)} is no git repository on this host. Name a directory that is one, or an address.`,
  );
}

/** Where hosts with another home find a repository: its address without secrets, or its path as an address. */
export function originOf(host: Host, repository: string, repo: string): string {
  if (!isMirror(host, repository)) return pathToFileURL(repository).href;
  // What stands before the @ may be a token. For ssh it is whom to log in as, and with a colon a password.
  return repo.replace(/^(https?|git):\/\/[^/]*@/, '$1://').replace(/^(ssh:\/\/[^/:]*):[^/]*@/, '$1@');
}

/** The same without asking the network; undefined when it is not, or no longer, there. */
export async function findRepository(host: Host, repo: string): Promise<string | undefined> {
  const path = repositoryPath(host, repo);
  if (!(await isDirectory(path))) return undefined;
  // Not by the list of worktrees: git can not read that while another process adds one.
  const { code, stdout } = await host.git.attempt(path, ['rev-parse', '--path-format=absolute', '--git-common-dir']);
  if (code !== 0) return undefined;
  // A run may be started from a worktree or a folder inside; what is kept belongs to the repository itself.
  return stdout.trimEnd().replace(/\/\.git$/, '');
}

/** Where it is, or will be, on this host. Unlike an address a path holds no password, and can be written down. */
export function repositoryPath(host: Host, repo: string): string {
  return URL.test(repo) ? host.paths.mirror(repo) : resolve(repo);
}

/** Is it a clone of our own, whose branches are those of another repository? */
export function isMirror(host: Host, repository: string): boolean {
  return repository.startsWith(host.paths.mirrors + sep);
}

/** Run `work` while no other worker changes branches and worktrees of the repository. */
export function withRepositoryLock<T>(host: Host, repository: string, work: () => Promise<T>): Promise<T> {
  return withLock(host.paths.lock(repository), work);
}

/** The branch a run starts from where none is named, and any other by its name, with its commit. */
export async function resolveBase(
  host: Host,
  repository: string,
  startedFrom: string,
  base: string | undefined,
): Promise<{ base: string; commit: string }> {
  const name = base ?? (await currentBranch(host, repository, startedFrom));
  const places = isMirror(host, repository)
    ? [`refs/remotes/origin/${name}`, name]
    : [`refs/heads/${name}`, name, `refs/remotes/origin/${name}`];
  for (const place of places) {
    const commit = await resolveCommit(host.git, repository, place);
    if (commit !== undefined) return { base: name, commit };
  }
  throw failure('Git.Failed', `There is no branch, tag or commit ${JSON.stringify(name)} in ${repository}.`);
}

async function currentBranch(host: Host, repository: string, startedFrom: string): Promise<string> {
  if (isMirror(host, repository)) {
    const { stdout } = await host.git.attempt(repository, ['symbolic-ref', '--quiet', 'refs/remotes/origin/HEAD']);
    return stdout.trim().replace('refs/remotes/origin/', '') || 'main';
  }
  const place = (await isDirectory(startedFrom)) ? startedFrom : repository;
  const { code, stdout } = await host.git.attempt(place, ['symbolic-ref', '--quiet', '--short', 'HEAD']);
  return code === 0 ? stdout.trim() : host.git(place, ['rev-parse', '--verify', 'HEAD']);
}

function openMirror(host: Host, url: string): Promise<string> {
  const path = repositoryPath(host, url);
  return withRepositoryLock(host, path, async () => {
    if (!(await isDirectory(path))) await makeMirror(host, url, path);
    await host.git(path, ['fetch', '--quiet', '--prune', '--tags', '--force', 'origin'], { timeoutMs: FETCH_LIMIT_MS });
    await host.git.attempt(path, ['remote', 'set-head', 'origin', '--auto'], { timeoutMs: FETCH_LIMIT_MS });
    return path;
  });
}

/** What the other side of a push does on this machine; it hears nothing of our own settings. */
const RECEIVE = ['core.hooksPath=/dev/null', 'receive.autogc=false', ...PATIENCE_WITH_LOCKS];
const RECEIVE_WITHOUT_HOOKS = `git ${RECEIVE.map((setting) => `-c ${setting}`).join(' ')} receive-pack`;

// The branches of the origin stay apart from ours, so that no fetch ever takes one of a run away.
async function makeMirror(host: Host, url: string, path: string): Promise<void> {
  const draft = `${path}.${randomUUID()}`;
  await mkdir(draft, { recursive: true });
  try {
    await host.git(draft, ['init', '--quiet', '--bare']);
    await host.git(draft, ['remote', 'add', 'origin', url]);
    // Git runs the other side itself then, and with it the hooks that are there.
    if (url.startsWith('file:')) await host.git(draft, ['config', 'remote.origin.receivepack', RECEIVE_WITHOUT_HOOKS]);
    await host.git(draft, ['fetch', '--quiet', '--tags', 'origin'], { timeoutMs: FETCH_LIMIT_MS });
    await rename(draft, path);
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

async function isDirectory(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}
