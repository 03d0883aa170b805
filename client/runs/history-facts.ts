import { keySlug, type StageKey } from '../../contracts/ids';
import type { Json } from '../../contracts/json';
import type { StageRecord } from '../../contracts/run';
import { attributesOf, firstPayload, textAt, typeOf, valueAt, type HistoryEvent } from '../history';
import { stageOfInput } from './at-work';

export interface Activity {
  readonly name: string;
  readonly input: Json;
  readonly completed: boolean;
}

/** Every activity a run scheduled, tried as often as it may have been. */
export function activitiesOf(events: readonly HistoryEvent[]): Activity[] {
  const completed = new Set(
    events
      .filter((event) => typeOf(event) === 'ACTIVITY_TASK_COMPLETED')
      .map((event) => textAt(attributesOf(event), 'scheduledEventId')),
  );
  return events
    .filter((event) => typeOf(event) === 'ACTIVITY_TASK_SCHEDULED')
    .map((event) => ({
      name: textAt(attributesOf(event), 'activityType', 'name'),
      input: firstPayload(valueAt(attributesOf(event), 'input', 'payloads')),
      completed: completed.has(textAt(event, 'eventId')),
    }));
}

/** The stage an activity was part of, and the attempt at it (`turn.attempt`) where the activity was told one. */
export interface Act {
  readonly stage: StageKey;
  readonly attempt?: string;
}

/** Whose work an activity was, by the ids it was given; undefined for housekeeping. */
export function actOf(input: Json, stages: readonly StageRecord[]): Act | undefined {
  const release = /^(.*)-(\d+)-(\d+)$/.exec(textAt(input, 'releaseId'));
  if (release) {
    const name = release[1]!.slice(textAt(input, 'run', 'runId').length + 1);
    const served = stages.find(({ key }) => keySlug(key) === name);
    return served && { stage: served.key, attempt: `${release[2]}.${release[3]}` };
  }
  const merged = /^[^/]+\/(.*)#\d+\/merge$/.exec(textAt(input, 'mergeId'));
  const stage = merged?.[1] ?? stageOfInput(input);
  if (stage === '') return undefined;
  // `test#2.1/run`, `run-7f3a.implement.2.1`
  const attempt = /#(\d+\.\d+)\//.exec(textAt(input, 'executionId')) ?? /(\d+\.\d+)$/.exec(textAt(input, 'dispatchId'));
  return { stage, ...(attempt && { attempt: attempt[1]! }) };
}

/** Signals and accepted updates, by the name they were sent under. */
export function messagesOf(events: readonly HistoryEvent[]): { readonly name: string; readonly body: Json }[] {
  return events.flatMap((event) => {
    const attributes = attributesOf(event);
    switch (typeOf(event)) {
      case 'WORKFLOW_EXECUTION_SIGNALED':
        return [
          { name: textAt(attributes, 'signalName'), body: firstPayload(valueAt(attributes, 'input', 'payloads')) },
        ];
      case 'WORKFLOW_EXECUTION_UPDATE_ACCEPTED': {
        const input = valueAt(attributes, 'acceptedRequest', 'input');
        return [{ name: textAt(input, 'name'), body: firstPayload(valueAt(input, 'args', 'payloads')) }];
      }
      default:
        return [];
    }
  });
}
