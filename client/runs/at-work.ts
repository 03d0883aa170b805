import type { DispatchProgress, WorkProgress } from '../../contracts/activities';
import type { StageKey } from '../../contracts/ids';
import type { Json } from '../../contracts/json';
import type { RunRef } from '../../contracts/run';
import { attributesOf, firstPayload, textAt, typeOf, valueAt, type HistoryEvent } from '../history';
import type { Temporal } from '../temporal';

/** What is done for a stage at this moment, as far as its worker tells. */
export interface AtWork {
  readonly stage: StageKey;
  /** Who does it; absent while it waits for a worker. */
  readonly worker?: string;
  /** One line: `the agent edits files`, `for 12 s`. */
  readonly doing?: string;
  /** The end of what it has said so far. */
  readonly says?: string;
  /** The command a person on the worker's host attaches to the agent's terminal with. */
  readonly attach?: string;
}

/** Everything that is being done for a run now, oldest first; nothing between two steps of a stage. */
export async function readAtWork(temporal: Temporal, run: RunRef): Promise<AtWork[]> {
  const pending = await temporal.runs.pendingActivities(run);
  if (pending.length === 0) return [];
  const { events } = await temporal.runs.history(run);
  const stages = stagesOfActivities(events);
  return pending.flatMap(({ activityId, worker, said }) => {
    const stage = stages.get(activityId);
    return stage === undefined ? [] : [{ stage, ...(worker !== undefined && { worker }), ...whatItSays(said) }];
  });
}

/** Which stage each activity of a history was for, by activity id. Those of no stage are left out. */
function stagesOfActivities(events: readonly HistoryEvent[]): Map<string, StageKey> {
  return new Map(
    events
      .filter((event) => typeOf(event) === 'ACTIVITY_TASK_SCHEDULED')
      .flatMap((event) => {
        const attributes = attributesOf(event);
        const stage = stageOfInput(firstPayload(valueAt(attributes, 'input', 'payloads')));
        return stage === '' ? [] : [[textAt(attributes, 'activityId'), stage] as const];
      }),
  );
}

/** Agents and models are told their stage; commands and checks have it in their execution id: `test#1.1/run`. */
export function stageOfInput(input: Json): StageKey {
  const executionId = textAt(input, 'executionId');
  return textAt(input, 'stage') || executionId.slice(0, Math.max(0, executionId.lastIndexOf('#')));
}

function whatItSays(said: Json): Omit<AtWork, 'stage' | 'worker'> {
  const { doing, attach, says, forSeconds } = (said ?? {}) as Partial<DispatchProgress & WorkProgress>;
  const since = forSeconds === undefined ? undefined : `for ${forSeconds} s`;
  return Object.fromEntries(
    Object.entries({ doing: doing ?? since, says, attach }).filter(([, text]) => text !== undefined && text !== ''),
  );
}
