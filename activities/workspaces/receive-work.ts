import type { IntegrateResult, ReceiveInput } from '../../contracts/activities';
import { dispatchRefs } from '../../contracts/ids';
import type { WorkspaceClaim } from '../../contracts/undo';
import { failure } from '../failure';
import { conflictFailure } from '../git/conflict';
import { retireDispatches } from '../git/dispatch-refs';
import { identity } from '../git/git';
import { branchRef, countCommits, demandCommit, isAncestor, resolveCommit } from '../git/names';
import { fetchRef, listRefs } from '../git/origin';
import { withRepositoryLock } from '../git/repository';
import type { Host } from '../host';
import { readNote, writeNote } from './workspace-record';

/** {@link FleetActivities.receiveWork} */
export async function receiveWork(host: Host, input: ReceiveInput): Promise<IntegrateResult> {
  const { run, workspace, ref, head } = input;
  const { repository, path, branch } = workspace;
  if (!ref.startsWith(dispatchRefs(run.runId)) || !/^[0-9a-f]{40,64}$/.test(head)) {
    const what = `${JSON.stringify(head)} of ${JSON.stringify(ref)}`;
    throw failure('Git.Failed', `${what} does not belong to the run ${run.runId}: nothing is taken in from there.`);
  }
  const result = await withRepositoryLock(host, repository, async () => {
    await demandBranch(host, path, branch);
    await demandHead(host, repository, input);
    const before = await headBefore(host, input);
    if (!(await isAncestor(host.git, path, head, 'HEAD'))) await merge(host, path, ref, head);
    const commits = await countCommits(host.git, path, before, head);
    return { commits, head: await demandCommit(host.git, path, 'HEAD') };
  });
  await retire(host, input);
  return result;
}

async function demandBranch(host: Host, path: string, branch: string): Promise<void> {
  const { stdout } = await host.git.attempt(path, ['symbolic-ref', '--quiet', 'HEAD']);
  if (stdout.trim() === (await branchRef(host.git, path, branch))) return;
  throw failure('Git.Failed', `${path} is not on ${branch} any more. Check that branch out there and retry.`);
}

/** What was pushed, unless a former try has it already and has removed the ref. */
async function demandHead(host: Host, repository: string, { ref, head }: ReceiveInput): Promise<void> {
  if ((await resolveCommit(host.git, repository, head)) !== undefined) return;
  await fetchRef(host, repository, ref);
  if ((await resolveCommit(host.git, repository, head)) !== undefined) return;
  throw failure('Git.Failed', `The commit ${head} that an agent pushed to ${ref} is not there any more.`);
}

/** Where the run was before this was merged, also for a second try after the merge. */
async function headBefore(host: Host, { run, workspace, ref, head }: ReceiveInput): Promise<string> {
  const claim: WorkspaceClaim = { repo: workspace.repository, runId: run.runId, branch: workspace.branch };
  const received = (await readNote(host, claim, 'received')) ?? {};
  const known = received[ref];
  if (known?.head === head) return known.before;
  const before = await demandCommit(host.git, workspace.path, 'HEAD');
  await writeNote(host, claim, 'received', { ...received, [ref]: { head, before } });
  return before;
}

async function merge(host: Host, path: string, ref: string, head: string): Promise<void> {
  const { git } = host;
  // A worker that was killed while it merged this left the merge open.
  if ((await resolveCommit(git, path, 'MERGE_HEAD')) === head) await git(path, ['merge', '--abort']);
  const config = await identity(git, path);
  const args = ['merge', '--ff', '--no-edit', '-m', `Merge ${ref.slice(ref.lastIndexOf('/') + 1)}`, head];
  const { code, stdout, stderr } = await git.attempt(path, args, { config });
  if (code === 0) return;
  const conflict = await conflictFailure(host, path, `Taking in ${ref}`);
  if (conflict === undefined) {
    const hint = `Commit or remove what stands in the way in ${path} and retry; the work stays under ${ref}.`;
    throw failure('Git.Failed', `git merge in ${path} failed: ${(stderr || stdout).trim()} ${hint}`);
  }
  await git(path, ['merge', '--abort']);
  throw conflict;
}

/** An attempt that was given up may have left a ref too: all that begin alike are of this turn of the stage. */
async function retire(host: Host, { run, workspace: { repository }, ref }: ReceiveInput): Promise<void> {
  try {
    const turn = ref.slice(0, ref.lastIndexOf('.') + 1);
    const there = await listRefs(host, repository, [dispatchRefs(run.runId)]);
    const ofTurn = there.filter((one) => one.ref.startsWith(turn) && /^\d+$/.test(one.ref.slice(turn.length)));
    await retireDispatches(host, repository, run.runId, ofTurn);
  } catch (error) {
    // What is merged is merged; removing the workspace tries again.
    host.log.warn('a ref stays at the origin of a run for now', { ref, error });
  }
}
