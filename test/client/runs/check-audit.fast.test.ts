import type { JsonObject } from '../../../contracts/json';
import type { AuditEntry } from '../../../contracts/run';
import { checkAudit } from '../../../client/runs/check-audit';
import type { Execution } from '../../../client/temporal';
import { aStage } from '../../support/run-view';

const payloads = (value: object) => ({
  payloads: [{ data: Buffer.from(JSON.stringify(value)).toString('base64') }],
});

const event = (eventId: string, type: string, attributes: JsonObject): JsonObject => ({
  eventId,
  eventType: `EVENT_TYPE_${type}`,
  someEventAttributes: attributes,
});

const execution = (...events: JsonObject[]): Execution => ({
  executionId: 'e1',
  startedAt: 0,
  temporalStatus: 'COMPLETED',
  events: [
    event('5', 'ACTIVITY_TASK_SCHEDULED', {
      activityType: { name: 'runCommand' },
      input: payloads({ executionId: 'test#1.1/run' }),
    }),
    event('7', 'ACTIVITY_TASK_COMPLETED', { scheduledEventId: '5' }),
    event('8', 'WORKFLOW_EXECUTION_SIGNALED', { signalName: 'approve', input: payloads({ gate: 'g', who: 'ann' }) }),
    ...events,
  ],
});

const trail: AuditEntry[] = [
  { at: 1, what: 'run.started', who: 'ann', text: 'feature' },
  { at: 2, what: 'stage.started', who: 'gantry', stage: 'test', text: 'turn 1' },
  { at: 3, what: 'stage.succeeded', who: 'gantry', stage: 'test', text: 'exit code 0' },
  { at: 4, what: 'gate.voted', who: 'ann', stage: 'g', text: 'approve: fine' },
  { at: 5, what: 'run.ended', who: 'gantry', text: 'SUCCESS' },
];

const differences = (entries: readonly AuditEntry[], executions: readonly Execution[] = [execution()]) =>
  checkAudit(entries, executions, [aStage('test')]).flatMap((one) => one.differences);

it('agrees with the history it came from', () => {
  expect(differences(trail)).toEqual([]);
});

it.each<[string, AuditEntry[], string]>([
  [
    'a vote was taken out',
    trail.filter(({ what }) => what !== 'gate.voted'),
    'approve by ann: 1 in the history, 0 in the trail',
  ],
  [
    'a vote was put under another name',
    trail.map((entry) => (entry.what === 'gate.voted' ? { ...entry, who: 'eve' } : entry)),
    'approve by eve: 0 in the history, 1 in the trail',
  ],
  [
    'an attempt was taken out',
    trail.filter(({ what }) => what !== 'stage.started'),
    'test: 1 attempts in the history, 0 in the trail',
  ],
  [
    'a success was put in',
    [...trail, { at: 6, what: 'stage.succeeded', who: 'gantry', stage: 'test', text: 'again' }],
    'test: ended well 2 times, 1 times in the history',
  ],
  [
    'a request was put in',
    [...trail, { at: 6, what: 'run.paused', who: 'ann', text: '' }],
    'run.paused by ann: in the trail, not in the history',
  ],
  [
    'an undo was put in',
    [...trail, { at: 6, what: 'undo.done', who: 'gantry', text: 'all' }],
    'undo: 0 in the history, 1 in the trail',
  ],
  [
    'the end was changed',
    trail.map((entry) => (entry.what === 'run.ended' ? { ...entry, text: 'PARTIAL_SUCCESS' } : entry)),
    'end 1: PARTIAL_SUCCESS in the trail, COMPLETED in the history',
  ],
])('differs when %s', (_what, entries, difference) => {
  expect(differences(entries)).toContain(difference);
});

it('leaves out what is older than the histories that are still kept', () => {
  const older: AuditEntry[] = [{ at: -5, what: 'gate.voted', who: 'bob', text: 'approve' }];
  expect(differences([...older, ...trail])).toEqual([]);
});
