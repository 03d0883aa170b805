import { COLOURS, PLAIN, widthOf } from '../../../../client/cli/render/paint';
import { renderRun } from '../../../../client/cli/render/run';
import type { RunView } from '../../../../contracts/run';
import { aGate, aStage, aView, NOON } from '../../../support/run-view';

const render = (view: RunView, rest: Partial<Parameters<typeof renderRun>[1]> = {}) =>
  `\n${renderRun(view, { paint: PLAIN, width: 140, at: NOON, timeZone: 'UTC', ...rest })}\n`;

const PLANNED = aStage('plan', {
  ...{ kind: 'prompt', status: 'succeeded', turn: 1, attempt: 1, startedAt: NOON - 300_000, endedAt: NOON - 294_000 },
  ...{ by: 'claude-sonnet (anthropic)', costUsd: 0.012, note: '1217 tokens' },
});

describe('a run at work', () => {
  it('shows who did what, for how long and for how much, and what is still to come', () => {
    const view = aView({
      ...{ costUsd: 0.32, budgetUsd: 5, tokens: 41_200 },
      stages: [
        PLANNED,
        aStage('backend', {
          kind: 'agent',
          status: 'running',
          turn: 2,
          attempt: 3,
          startedAt: NOON - 221_000,
          by: 'codex (tmux)',
        }),
        aStage('test'),
      ],
    });
    expect(render(view, { url: 'http://localhost:8233/x' })).toMatchInlineSnapshot(`
     "
     feature · calculator · run memory-keys-7f3a · RUNNING   http://localhost:8233/x
      ✓  plan     claude-sonnet (anthropic)  6.0 s   $0.012  1217 tokens
      ▸  backend  codex (tmux)               3m 41s          turn 2, try 3
      ·  test
     spent $0.32 of $5.00 · 41.2 k tokens · 5m 00s
     "
    `);
  });

  it('says whom an open gate waits for, until when, and which command answers', () => {
    const gate = aGate('approve', {
      min: 2,
      deadlineAt: NOON + 86_400_000,
      votes: [{ who: 'lead', decision: 'approve', at: NOON }],
    });
    const view = aView({
      status: 'WAITING',
      stages: [aStage('approve', { kind: 'gate', status: 'waiting', turn: 1 })],
      gates: [gate],
    });
    expect(render(view)).toMatchInlineSnapshot(`
     "
     feature · calculator · run memory-keys-7f3a · WAITING
      ⏸  approve
     ⏸ approve waits for 2 of lead and release-manager · 1 of 2 (lead) · open 3m 00s · until tomorrow 12:00
        Deploy it?
        gantry approve memory-keys-7f3a approve   or   gantry reject memory-keys-7f3a approve --comment "why"
     spent $0.00 · 0 tokens · 5m 00s
     "
    `);
  });
});

describe('a run that has ended', () => {
  it('after a failure shows the evidence under the stage and the commands that go on or take back', () => {
    const failure = {
      type: 'Stage.CommandFailed',
      message: 'The command ended with exit code 1.',
      evidence: { inline: 'a\nb\n1 failing\n  percent\n' },
    } as const;
    const test = aStage('test', {
      status: 'failed',
      turn: 1,
      attempt: 1,
      startedAt: NOON - 60_000,
      endedAt: NOON - 58_000,
      failure,
    });
    expect(render(aView({ status: 'PARTIAL_SUCCESS', endedAt: NOON, stages: [PLANNED, test], failure })))
      .toMatchInlineSnapshot(`
     "
     feature · calculator · run memory-keys-7f3a · PARTIAL_SUCCESS
      ✓  plan  claude-sonnet (anthropic)  6.0 s  $0.012  1217 tokens
      ✗  test                             2.0 s
          The command ended with exit code 1.
          │ b
          │ 1 failing
          │   percent
     spent $0.00 · 0 tokens · 5m 00s
     What finished is kept. Go on with gantry resume memory-keys-7f3a, again from a stage with gantry retry memory-keys-7f3a --from test, or tak…
     Why: gantry logs memory-keys-7f3a test
     "
    `);
  });

  it('names every effect that could not be taken back', () => {
    const undos = [
      { id: '1', stage: 'deploy', label: 'stop service web', outcome: 'done', attempts: 1 },
      {
        id: '2',
        stage: 'merge',
        label: 'take the merge out of main',
        outcome: 'failed',
        attempts: 5,
        message: 'main is protected',
      },
    ] as const;
    expect(
      render(aView({ status: 'CANCELLED', endedAt: NOON, stages: [aStage('deploy', { status: 'undone' })], undos })),
    ).toMatchInlineSnapshot(`
     "
     feature · calculator · run memory-keys-7f3a · CANCELLED
      ↩  deploy
      ↩ stop service web
      ✗ could not take the merge out of main (5 tries): main is protected
     spent $0.00 · 0 tokens · 5m 00s
     1 of 2 effects could not be taken back.
     Mend what is in their way and try again with gantry rollback memory-keys-7f3a.
     "
    `);
  });
});

it('never draws a line wider than the terminal, colours or not', () => {
  const view = aView({
    stages: [aStage('plan', { note: 'x'.repeat(300), status: 'running', turn: 1 })],
    gates: [aGate('approve')],
  });
  for (const paint of [PLAIN, COLOURS]) {
    for (const line of renderRun(view, { paint, width: 60, at: NOON }).split('\n'))
      expect(widthOf(line)).toBeLessThanOrEqual(60);
  }
});

it('what an agent or a model said cannot move the cursor', () => {
  const view = aView({
    stages: [aStage('plan', { status: 'succeeded', turn: 1, note: '\u001b[2J\u001b]0;owned\u0007 done\r\n' })],
  });

  expect(renderRun(view, { paint: PLAIN, width: 80, at: NOON })).not.toMatch(/[\u0000-\u0009\u000b-\u001f]/);
});
