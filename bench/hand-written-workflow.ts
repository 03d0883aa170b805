import { proxyActivities } from '@temporalio/workflow';
import type { Activities } from '../contracts/activities';
import type { RunRef, Workspace } from '../contracts/run';
import type { WorkspaceClaim } from '../contracts/undo';

export interface HandWrittenInput {
  readonly run: RunRef;
  readonly stages: readonly { readonly id: string; readonly command: string }[];
  /** Work in a worktree, made before the first stage and removed after the last. */
  readonly claim?: WorkspaceClaim;
  readonly heartbeatTimeoutMs: number;
}

/**
 * What somebody would write who needs just these stages, once: no graph, gates, undos, status or audit. The same
 * activities with the same options as the engine's own.
 */
export async function handWritten(input: HandWrittenInput): Promise<string[]> {
  const { run, stages, claim } = input;
  const activities = (summary: string) =>
    proxyActivities<Activities>({
      summary,
      startToCloseTimeout: '31 minutes',
      heartbeatTimeout: input.heartbeatTimeoutMs,
      cancellationType: 'WAIT_CANCELLATION_COMPLETED',
      retry: { initialInterval: 200, backoffCoefficient: 2, maximumInterval: 10_000, maximumAttempts: 100 },
    });
  let workspace: Workspace | undefined;
  if (claim !== undefined) {
    workspace = await activities(`worktree on ${claim.branch}`).prepareWorkspace({ run, claim, ports: [] });
  }
  const logs: string[] = [];
  for (const { id, command } of stages) {
    const { log } = await activities(`${id}: ${command}`).runCommand({
      run,
      executionId: `${id}#1.1/run`,
      command: { command, env: {}, secrets: [] },
      timeoutMs: 1_800_000,
      ...(workspace !== undefined && { workspace }),
    });
    logs.push('inline' in log ? log.inline : log.tail);
  }
  if (claim !== undefined) {
    await activities(`remove the worktree of ${claim.branch}`).removeWorkspace({ claim, keepUnmergedBranch: true });
  }
  return logs;
}

export interface HandWrittenCall {
  readonly url: string;
  readonly body: object;
}

/** One question to a model, as short as it can be written. */
export async function handWrittenCall(input: HandWrittenCall): Promise<unknown> {
  const { askOnce } = proxyActivities<{ askOnce(input: HandWrittenCall): Promise<unknown> }>({
    startToCloseTimeout: '10 minutes',
  });
  return askOnce(input);
}
