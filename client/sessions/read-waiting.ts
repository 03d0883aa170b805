import type { PipelineDefinition } from '../../contracts/definition';
import type { RunView } from '../../contracts/run';
import type { Temporal } from '../temporal';
import type { QueueReport } from './queue-report';
import { readQueue } from './read-queue';

/** What the lines of stages that wait for a session are drawn from. */
export interface Waiting {
  readonly queue: QueueReport;
  readonly definition: PipelineDefinition;
}

/** Undefined while no prompt of the run waits. */
export type LookAtWaiting = (view: RunView) => Promise<Waiting | undefined>;

/** Looks at queues as often as somebody asks, but for what is fresh: all runs are looked at for it. */
export function lookAtWaiting(temporal: Temporal, freshMs = 0): LookAtWaiting {
  let known: Waiting | undefined;
  return async (view) => {
    if (!view.stages.some(({ waitsIn }) => waitsIn !== undefined && waitsIn.length > 0)) return undefined;
    if (known && Date.now() - known.queue.at < freshMs) return known;
    const definition = known?.definition ?? (await temporal.runs.inputOf(view.run)).definition;
    known = { definition, queue: await readQueue(temporal) };
    return known;
  };
}
