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

/** The attempt at a stage that an activity was part of, by the id it was given; undefined for housekeeping. */
export function attemptOf(input: Json, stages: readonly StageRecord[]): { stage: StageKey; id: string } | undefined {
  const executionId = textAt(input, 'executionId').replace(/\/[^/]*$/, '');
  const mergeId = /^[^/]+\/(.*)#\d+\/merge$/.exec(textAt(input, 'mergeId'));
  const releaseId = textAt(input, 'releaseId');
  if (mergeId) return { stage: mergeId[1]!, id: mergeId[0] };
  if (releaseId !== '') {
    const runId = textAt(input, 'run', 'runId');
    const stage = stages.find(({ key }) =>
      new RegExp(`^${keySlug(key)}-\\d+-\\d+$`).test(releaseId.slice(runId.length + 1)),
    );
    return stage && { stage: stage.key, id: releaseId };
  }
  const stage = stageOfInput(input);
  // A model is told no attempt: Temporal makes them, within one activity.
  return stage === '' ? undefined : { stage, id: executionId || textAt(input, 'dispatchId') };
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
