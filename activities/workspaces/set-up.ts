import type { PreparedCommand } from '../../contracts/activities';
import type { RunRef, Workspace } from '../../contracts/run';
import { execute, forget } from '../commands/execute';
import { failure } from '../failure';
import type { Attempt } from '../heartbeat';
import type { Host } from '../host';

const SETUP_LIMIT_MS = 25 * 60_000;

export interface SetUp {
  readonly run: RunRef;
  readonly workspace: Workspace;
  readonly setup: PreparedCommand;
  /** As in the claim of the worktree. */
  readonly stage?: string | undefined;
}

/**
 * Run the pipeline's set-up in a worktree once, as long as it succeeds: a second try of the activity finds it done, a
 * later try after a failure runs it again. Fails: Stage.CommandFailed, Stage.TimedOut, Command.Lost.
 */
export async function setUp(host: Host, { run, workspace, setup, stage }: SetUp, attempt: Attempt): Promise<void> {
  const dir = setUpDir(host, run.runId, stage);
  const order = { dir, run, command: setup, cwd: workspace.path, timeoutMs: SETUP_LIMIT_MS };
  const { exitCode, timedOut, log } = await execute(host, order, attempt).catch(async (error: unknown) => {
    if (!attempt.signal.aborted) await forget(dir);
    throw error;
  });
  if (exitCode === 0 && !timedOut) return;
  await forget(dir);
  const end = timedOut ? `took longer than ${SETUP_LIMIT_MS / 60_000} minutes` : `ended with exit code ${exitCode}`;
  const type = timedOut ? 'Stage.TimedOut' : 'Stage.CommandFailed';
  throw failure(type, `The pipeline's setup command ${end}.`, { evidence: log });
}

/** Where the set-up of a worktree is kept among the commands of its run. */
export function setUpDir(host: Host, runId: string, stage?: string): string {
  return host.paths.command(runId, stage === undefined ? 'setup' : `setup ${stage}`);
}
