import type { DispatchProgress } from '../../contracts/activities';
import { runWorkflowId } from '../../contracts/ids';
import type { RunRef, RunView } from '../../contracts/run';
import { readQueue } from '../sessions/read-queue';
import { PROMPT_STAGE } from '../sessions/send-prompt';
import { stageWait, type StageWait } from '../sessions/stage-wait';
import type { Temporal } from '../temporal';
import type { Cli } from './cli';
import { failUnlessWell } from './fail-unless-well';
import { watchRun } from './live-view';
import { harmlessLines } from './render/paint';
import { renderStageWait } from './render/stage-wait';
import { pause } from './wait';

/** How long it may take until its place in the queue can be seen. */
const QUEUED_MS = 5_000;

/** Say where it stands, once that can be seen. */
export async function sayWhereItWaits(
  cli: Cli,
  temporal: Temporal,
  run: RunRef,
  pools: readonly string[],
): Promise<void> {
  const { wait, session } = await standing(cli, temporal, run);
  const url = cli.urlOf(run);
  const answer = {
    run,
    workflowId: runWorkflowId(run.project, run.runId),
    pools,
    ...(wait && { wait }),
    ...(session !== undefined && { session }),
    ...(url && { url }),
  };
  const where = session !== undefined ? `${session} has it.` : wait ? renderStageWait(wait, { at: Date.now() }) : '';
  const lines = [
    `${run.runId} is sent to ${pools.join(', then ')}.`,
    ...(where === '' ? [] : [where]),
    ...(url ? [url] : []),
    `Follow it: gantry status ${run.runId} --watch`,
    `What the agent said: gantry logs ${run.runId}`,
  ];
  cli.answer(answer, lines.join('\n'));
}

interface Standing {
  readonly wait?: StageWait;
  readonly session?: string;
}

/** Its place, or the session that has it; neither when nobody has queued it in time. */
async function standing(cli: Cli, temporal: Temporal, run: RunRef): Promise<Standing> {
  let wait: StageWait | undefined;
  for (const deadline = Date.now() + QUEUED_MS; Date.now() < deadline && !cli.io.signal.aborted;) {
    const pending = await temporal.runs.pendingActivities(run);
    const sent = pending.find(({ type }) => type === 'dispatchPrompt');
    if (sent?.said) return { session: (sent.said as Partial<DispatchProgress>).session ?? 'A session' };
    const places = sent ? [] : await temporal.queues.waitingOf(run);
    if (places.length > 0) {
      const record = {
        key: PROMPT_STAGE,
        kind: 'agent',
        status: 'waiting',
        turn: 1,
        attempt: 1,
        waitsIn: places,
      } as const;
      wait = stageWait(run, record, Date.now(), { queue: await readQueue(temporal) });
      // With an idle session it is only passing through.
      if (wait?.place?.aboutMs !== 0) break;
    }
    await pause(100, cli.io.signal);
  }
  return wait ? { wait } : {};
}

/** Follow it beside the answer, which alone is for standard output. */
export async function sayAnswer(cli: Cli, run: RunRef): Promise<void> {
  const view = await watchRun(cli, run, { aside: true });
  const stage = view.stages.find(({ key }) => key === PROMPT_STAGE);
  const said = messageOf(view);
  const commits = (stage?.output as { readonly commits?: number } | undefined)?.commits;
  const branch = view.workspace?.branch;
  const answer = {
    ...{ run, status: view.status },
    ...(stage?.by !== undefined && { by: stage.by }),
    ...(said !== undefined && { message: said }),
    ...(branch !== undefined && { branch }),
    ...(commits !== undefined && { commits }),
    costUsd: view.costUsd,
  };
  cli.answer(answer, harmlessLines(said ?? ''));
  if (branch !== undefined)
    cli.note(
      `Its work is on branch ${branch}${commits === undefined ? '' : ` (${commits} commit${commits === 1 ? '' : 's'})`}.`,
    );
  failUnlessWell(view);
}

function messageOf({ stages }: RunView): string | undefined {
  const output = stages.find(({ key }) => key === PROMPT_STAGE)?.output as { readonly message?: unknown } | undefined;
  return typeof output?.message === 'string' ? output.message : undefined;
}
