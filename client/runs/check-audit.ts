import type { StageKey } from '../../contracts/ids';
import type { AuditEntry, AuditKind, EndStatus, StageRecord } from '../../contracts/run';
import { attributesOf, firstPayload, textAt, typeOf, valueAt, type HistoryEvent } from '../history';
import type { Execution } from '../temporal';
import { activitiesOf, actOf, messagesOf } from './history-facts';

/** What the trail says of one matter and what Temporal recorded of it. */
export interface Comparison {
  readonly matter: 'votes' | 'requests' | 'stages' | 'undos' | 'ends';
  /** How many entries of the trail, and how many facts of the history, were compared. */
  readonly trail: number;
  readonly history: number;
  readonly differences: readonly string[];
}

/**
 * Hold the audit trail, which workflow code writes, against the histories, which the server writes. Entries older
 * than the oldest history that is still kept are left out.
 */
export function checkAudit(
  trail: readonly AuditEntry[],
  executions: readonly Execution[],
  stages: readonly StageRecord[],
): Comparison[] {
  const kept = trail.filter(({ at }) => at >= Math.min(...executions.map(({ startedAt }) => startedAt)));
  const events = executions.flatMap((execution) => execution.events);
  return [
    compareVotes(kept, events),
    compareRequests(kept, events),
    compareStages(kept, executions, stages),
    compareUndos(kept, executions),
    compareEnds(kept, executions),
  ];
}

/** Every message of a person, counted or refused, is in both. */
function compareVotes(trail: readonly AuditEntry[], events: readonly HistoryEvent[]): Comparison {
  const recorded = trail.filter(({ what }) => what === 'gate.voted' || what === 'gate.refused-vote');
  const words = { approve: 'approve', approveGate: 'approve', reject: 'reject', rejectGate: 'reject' } as const;
  const sent = messagesOf(events).flatMap(({ name, body }) =>
    isKeyOf(words, name)
      ? [`${words[name]} by ${textAt(body, 'who').trim() === '' ? 'somebody' : textAt(body, 'who')}`]
      : [],
  );
  return comparison(
    'votes',
    recorded.map(({ text, who }) => `${text.split(':')[0] ?? ''} by ${who}`),
    sent,
  );
}

const REQUESTS = {
  pause: 'run.paused',
  pauseRun: 'run.paused',
  unpause: 'run.unpaused',
  unpauseRun: 'run.unpaused',
  cancelRun: 'run.cancel-requested',
  rollbackRun: 'run.rollback-requested',
  retryRun: 'run.retried',
  setPriority: 'run.priority-changed',
  resume: 'run.resumed',
  retry: 'run.retried',
  rollback: 'run.rollback-requested',
} as const satisfies Record<string, AuditKind>;

/** What people asked for was asked of Temporal too. The other way round a signal may have come to nothing. */
function compareRequests(trail: readonly AuditEntry[], events: readonly HistoryEvent[]): Comparison {
  const kinds = new Set<AuditKind>(Object.values(REQUESTS));
  // A pipeline that rolls back by itself was asked by nobody.
  const recorded = trail.filter(({ what, who }) => kinds.has(what) && who !== 'gantry');
  const asked = [
    ...messagesOf(events).flatMap(({ name, body }) =>
      isKeyOf(REQUESTS, name) ? [`${REQUESTS[name]} by ${textAt(body, 'who')}`] : [],
    ),
    ...events.flatMap((event) => intentOf(event)),
    ...events.flatMap((event) =>
      typeOf(event) === 'WORKFLOW_EXECUTION_CANCEL_REQUESTED' ? ['run.cancel-requested by temporal'] : [],
    ),
  ];
  const missing = recorded
    .map(({ what, who }) => `${what} by ${who}`)
    .filter((line) => !asked.includes(line))
    .map((line) => `${line}: in the trail, not in the history`);
  return { matter: 'requests', trail: recorded.length, history: asked.length, differences: missing };
}

/** Of every kind of work: no attempt that the trail does not know, and none that succeeded without an activity that did. */
function compareStages(
  trail: readonly AuditEntry[],
  executions: readonly Execution[],
  stages: readonly StageRecord[],
): Comparison {
  const acts = executions
    .flatMap(({ events }) => activitiesOf(events))
    .flatMap(({ input, completed }) => {
      const act = actOf(input, stages);
      return act === undefined ? [] : [{ ...act, completed }];
    });
  const count = (stage: StageKey, ...what: AuditKind[]) =>
    trail.filter((entry) => entry.stage === stage && what.includes(entry.what)).length;
  // Gates and nested runs have no activity of their own.
  const acting = stages.filter(({ kind }) => kind !== 'gate' && kind !== 'pipeline');
  const rows = acting.map(({ key }) => {
    const ofStage = acts.filter(({ stage }) => stage === key);
    // A model is told no attempt, nor is a merge: they make theirs within one.
    const began = new Set(ofStage.flatMap(({ attempt }) => attempt ?? []));
    const finished = ofStage.filter(({ completed }) => completed).length;
    const attempts = count(key, 'stage.started', 'stage.retried');
    return { key, began, finished, attempts, acted: ofStage.length > 0, succeeded: count(key, 'stage.succeeded') };
  });
  return {
    matter: 'stages',
    trail: sum(rows.map(({ attempts }) => attempts)),
    history: sum(rows.map(({ began, acted }) => began.size || Number(acted))),
    differences: rows.flatMap(({ key, began, finished, attempts, succeeded }) => [
      ...(began.size > attempts ? [`${key}: ${began.size} attempts in the history, ${attempts} in the trail`] : []),
      ...(finished < succeeded ? [`${key}: ended well ${succeeded} times, ${finished} times in the history`] : []),
    ]),
  };
}

/** What was taken back was taken back by an activity. */
function compareUndos(trail: readonly AuditEntry[], executions: readonly Execution[]): Comparison {
  const done = trail.filter(({ what }) => what === 'undo.done');
  const acts = executions
    .flatMap(({ events }) => activitiesOf(events))
    .filter(({ name, completed }) => name === 'undo' && completed);
  return comparison(
    'undos',
    done.map(() => 'undo'),
    acts.map(() => 'undo'),
  );
}

const ENDS: Readonly<Record<EndStatus, readonly string[]>> = {
  SUCCESS: ['COMPLETED'],
  COMPLETED_DEGRADED: ['COMPLETED'],
  ROLLED_BACK: ['COMPLETED'],
  CANCELLED: ['CANCELLED', 'COMPLETED'],
  PARTIAL_SUCCESS: ['FAILED'],
  BUDGET_EXHAUSTED: ['FAILED'],
  TIMEOUT: ['FAILED'],
  SYSTEM_FAILURE: ['FAILED'],
};

/** Each execution that Temporal closed ended as the trail says. */
function compareEnds(trail: readonly AuditEntry[], executions: readonly Execution[]): Comparison {
  const said = trail.filter(({ what }) => what === 'run.ended').map(({ text }) => text);
  const closed = executions.map(({ temporalStatus }) => temporalStatus).filter((status) => !GOES_ON.includes(status));
  const differences = Array.from({ length: Math.max(said.length, closed.length) }, (_, index) => {
    const [end, status] = [said[index], closed[index]];
    const fits = end !== undefined && status !== undefined && isKeyOf(ENDS, end) && ENDS[end].includes(status);
    return fits ? [] : [`end ${index + 1}: ${end ?? 'none'} in the trail, ${status ?? 'none'} in the history`];
  }).flat();
  return { matter: 'ends', trail: said.length, history: closed.length, differences };
}

const GOES_ON = ['RUNNING', 'PAUSED', 'CONTINUED_AS_NEW'];

/** What an execution that goes on from an earlier one was asked for. */
function intentOf(event: HistoryEvent): string[] {
  if (typeOf(event) !== 'WORKFLOW_EXECUTION_STARTED') return [];
  const input = firstPayload(valueAt(attributesOf(event), 'input', 'payloads'));
  const kind = textAt(input, 'intent', 'kind');
  return isKeyOf(REQUESTS, kind) ? [`${REQUESTS[kind]} by ${textAt(input, 'startedBy')}`] : [];
}

/** How often each is in the one and in the other. */
function comparison(matter: Comparison['matter'], trail: readonly string[], history: readonly string[]): Comparison {
  const count = (all: readonly string[], one: string) => all.filter((other) => other === one).length;
  const differences = [...new Set([...trail, ...history])]
    .filter((one) => count(trail, one) !== count(history, one))
    .map((one) => `${one}: ${count(history, one)} in the history, ${count(trail, one)} in the trail`);
  return { matter, trail: trail.length, history: history.length, differences };
}

function isKeyOf<T extends object>(table: T, key: string): key is keyof T & string {
  return Object.hasOwn(table, key);
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((all, one) => all + one, 0);
}
