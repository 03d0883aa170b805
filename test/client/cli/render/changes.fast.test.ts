import { renderChanges } from '../../../../client/cli/render/changes';
import { aGate, aStage, aView, NOON } from '../../../support/run-view';

const before = aView({ stages: [aStage('plan', { status: 'running', turn: 1, attempt: 1, startedAt: NOON - 6_000 })] });

it('tells each change once, with its time', () => {
  const after = aView({
    status: 'WAITING',
    stages: [{ ...before.stages[0]!, status: 'succeeded', endedAt: NOON, costUsd: 0.2, note: '2 commits' }],
    gates: [aGate('approve')],
  });
  expect(renderChanges(before, after, 'UTC')).toEqual([
    '12:00:00  plan succeeded  6.0 s · $0.20 · 2 commits',
    '12:00:00  gate approve open for lead or release-manager: Deploy it?',
    '12:00:00  run memory-keys-7f3a WAITING',
  ]);
  expect(renderChanges(after, after, 'UTC')).toEqual([]);
});

it('a second try of a stage is a change', () => {
  const after = aView({ stages: [{ ...before.stages[0]!, attempt: 2 }] });
  expect(renderChanges(before, after, 'UTC')).toEqual(['12:00:00  plan running (turn 1, try 2)']);
});
