import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker';

export interface ReplayVerdict {
  /** Would the workflows of today do what this history says was done? */
  readonly ok: boolean;
  /** `DeterminismViolationError`, or what else went wrong. */
  readonly kind?: string;
  readonly message: string;
}

/** Replay one history, an object as Temporal's tools export it, against a workflow bundle. */
export async function replayHistory(
  history: unknown,
  options: { readonly workflowId: string; readonly workflowBundle: string },
): Promise<ReplayVerdict> {
  try {
    await Worker.runReplayHistory(
      { workflowBundle: { codePath: options.workflowBundle } },
      history,
      options.workflowId,
    );
    return { ok: true, message: 'The replay came to the same commands.' };
  } catch (error) {
    const { name, message } = error as Error;
    return { ok: false, kind: name, message };
  }
}

/** `node replay.js WORKFLOW-ID < history.json` answers with a verdict as JSON: how `gantry replay` asks. */
async function main(): Promise<void> {
  Runtime.install({ logger: new DefaultLogger('ERROR', () => undefined) });
  const history: unknown = JSON.parse(await text(process.stdin));
  const workflowBundle = process.env['GANTRY_WORKFLOW_BUNDLE'] ?? join(__dirname, '..', 'workflow-bundle.js');
  const verdict = await replayHistory(history, { workflowId: process.argv[2] ?? 'replay', workflowBundle });
  process.stdout.write(`${JSON.stringify(verdict)}\n`);
}

if (require.main === module) void main();
