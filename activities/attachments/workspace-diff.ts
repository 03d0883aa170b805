import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { ApplicationFailure } from '@temporalio/common';
import type { Workspace } from '../../contracts/run';

const run = promisify(execFile);

/** Nothing of a repository's or a person's configuration may change what is shown, or run a program. */
const PLAIN = ['-c', 'core.quotePath=false', '-c', 'core.fsmonitor=false', '--no-optional-locks'];
const DIFF = ['diff', '--no-color', '--no-ext-diff', '--no-textconv', '--src-prefix=a/', '--dst-prefix=b/'];
const MINUTE_MS = 60_000;

/**
 * The change of a workspace against the commit its run started from: committed, uncommitted and new files alike.
 * At most `limit` bytes of it, and a summary when that cuts it. Fails: Git.Failed.
 */
export async function workspaceDiff(workspace: Workspace, limit: number): Promise<string> {
  const base = demandCommit(workspace.baseCommit);
  const whole = await git(workspace.path, [...DIFF, base, '--'], limit);
  const untracked = await git(workspace.path, ['ls-files', '--others', '--exclude-standard'], limit);
  const parts = [whole.text.trim() === '' ? '(no change in tracked files)' : whole.text];
  if (whole.cut) {
    const stat = await git(workspace.path, [...DIFF, '--stat=120', base, '--'], limit / 8);
    parts.push(`[the diff is longer than ${limit} bytes and cut here; all of it in short:]\n${stat.text}`);
  }
  if (untracked.text.trim() !== '') parts.push(`[new files that are not in git yet:]\n${untracked.text}`);
  return parts.join('\n');
}

async function git(cwd: string, args: readonly string[], limit: number): Promise<{ text: string; cut: boolean }> {
  const options = { cwd, maxBuffer: Math.floor(limit), timeout: MINUTE_MS, encoding: 'utf8' as const };
  try {
    return { text: (await run('git', [...PLAIN, ...args], options)).stdout, cut: false };
  } catch (error) {
    const { code, stdout = '', stderr = '' } = error as { code?: unknown; stdout?: string; stderr?: string };
    // The child is stopped at the limit, and what it had printed by then is kept.
    if (code === 'ERR_CHILD_PROCESS_STDIO_MAXBUFFER') return { text: stdout, cut: true };
    throw failed(cwd, args[0]!, stderr.trim() || (error as Error).message);
  }
}

function demandCommit(commit: string): string {
  if (/^[0-9a-f]{7,64}$/.test(commit)) return commit;
  throw failed('the workspace', 'diff', `"${commit}" is not a commit id`);
}

function failed(where: string, what: string, why: string): ApplicationFailure {
  return ApplicationFailure.create({ type: 'Git.Failed', message: `git ${what} in ${where} failed: ${why}` });
}
