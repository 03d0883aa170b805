import { failure } from '../failure';
import type { Git } from './git';

/** The full ref of a branch name. Fails, before git does anything with it: Definition.Invalid. */
export async function branchRef(git: Git, cwd: string, branch: string): Promise<string> {
  const ref = `refs/heads/${branch}`;
  const { code } = branch.includes('\0') ? { code: 1 } : await git.attempt(cwd, ['check-ref-format', ref]);
  if (code === 0 && !branch.startsWith('-') && branch !== 'HEAD') return ref;
  throw failure('Definition.Invalid', `${JSON.stringify(branch)} is no name for a git branch.`);
}

/** The commit a branch, tag or id stands for, or undefined when there is none. Never read as an option. */
export async function resolveCommit(git: Git, cwd: string, revision: string): Promise<string | undefined> {
  if (revision.includes('\0')) return undefined;
  const args = ['rev-parse', '--verify', '--quiet', '--end-of-options', `${revision}^{commit}`];
  const { code, stdout } = await git.attempt(cwd, args);
  return code === 0 ? stdout.trim() : undefined;
}

/** The commit of a ref that must be there. */
export async function demandCommit(git: Git, cwd: string, revision: string): Promise<string> {
  const commit = await resolveCommit(git, cwd, revision);
  if (commit !== undefined) return commit;
  throw failure('Git.Failed', `There is no ${JSON.stringify(revision)} in ${cwd}.`);
}

export async function isAncestor(git: Git, cwd: string, older: string, newer: string): Promise<boolean> {
  const { code } = await git.attempt(cwd, ['merge-base', '--is-ancestor', older, newer]);
  return code === 0;
}

export async function countCommits(git: Git, cwd: string, from: string, to: string): Promise<number> {
  return Number(await git(cwd, ['rev-list', '--count', `${from}..${to}`, '--']));
}
