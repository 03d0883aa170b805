import { queueReport } from '../../../client/sessions/pool-queue';
import { poolsForAny, sendDefinition } from '../../../client/sessions/send-prompt';
import { stageWait } from '../../../client/sessions/stage-wait';
import { renderQueue } from '../../../client/cli/render/queue';
import { renderStageWait } from '../../../client/cli/render/stage-wait';
import { PLAIN } from '../../../client/cli/render/paint';
import type { Host, WaitingPrompt } from '../../../client/temporal';
import type { HostView, SessionView } from '../../../contracts/sessions';
import { aStage, NOON } from '../../support/run-view';

const MINUTE = 60_000;

function session(name: string, rest: Partial<SessionView> = {}): SessionView {
  const pool = name.replace(/-\d+$/, '');
  const idle = { state: 'idle', since: NOON - MINUTE, draining: false, restarts: 0, backend: 'tmux' } as const;
  return { name, pool, agent: pool, ...idle, ...rest };
}

function host(name: string, sessions: readonly SessionView[], pools: Partial<HostView['pools'][number]> = {}): Host {
  const names = [...new Set(sessions.map(({ pool }) => pool))];
  const size = { min: 1, max: 3, turnMs: 3 * MINUTE };
  const view = { host: name, home: 'h', startedAt: 0, at: NOON, freeMemoryMb: 1, sessions };
  return { host: name, view: { ...view, pools: names.map((pool) => ({ pool, agent: pool, ...size, ...pools })) } };
}

function prompt(runId: string, rest: Partial<WaitingPrompt> = {}): WaitingPrompt {
  return { run: { project: 'shop', runId }, stage: 'work', pool: 'codex', priority: 5, since: NOON - MINUTE, ...rest };
}

const busy = { state: 'working', since: NOON - MINUTE } as const;
const report = (hosts: Host[], prompts: WaitingPrompt[] = []) => queueReport(hosts, { prompts, more: false }, NOON);

describe('a pool over several hosts', () => {
  const two = [
    host('a', [session('codex-1', busy), session('codex-2', { draining: true })]),
    host('b', [session('codex-1', { ...busy, since: NOON - 2 * MINUTE }), session('codex-2', { state: 'unhealthy' })]),
  ];

  it('counts what takes prompts and what is at work; draining and unwell ones are neither', () => {
    expect(report(two).pools).toMatchObject([
      { pool: 'codex', hosts: ['a', 'b'], sessions: { idle: 0, busy: 2, of: 4 } },
    ]);
  });

  it('a stopped session takes prompts: it is started for one', () => {
    expect(report([host('a', [session('codex-1', { state: 'stopped' })])]).pools[0]!.sessions.idle).toBe(1);
  });

  it('goes by priority, then by age, and tells about how long each waits', () => {
    const prompts = [prompt('young', { since: NOON }), prompt('old'), prompt('urgent', { priority: 9, since: NOON })];
    expect(report(two, prompts).pools[0]!.order.map(({ run, aboutMs }) => [run.runId, aboutMs])).toEqual([
      ['urgent', MINUTE],
      ['old', 2 * MINUTE],
      ['young', 4 * MINUTE],
    ]);
  });

  it('a lost host does not count', () => {
    const { pools, alerts } = report([{ ...two[0]!, lostSince: NOON - 1 }, two[1]!], [prompt('x')]);
    expect(pools[0]).toMatchObject({ hosts: ['b'], sessions: { busy: 1, of: 2 } });
    expect(alerts).toMatchObject([{ kind: 'none-idle', waiting: 1 }]);
  });
});

describe('alerts', () => {
  const idle = host('a', [session('codex-1')]);
  const closed = { closed: { why: 'the usage limit of codex is reached', until: NOON + 10 * MINUTE } };

  it('are none while a session is idle, or nothing waits', () => {
    expect(report([idle], [prompt('x')]).alerts).toEqual([]);
    expect(report([host('a', [session('codex-1', busy)])]).alerts).toEqual([]);
  });

  it('tell of a pool nobody serves, with the host that did', () => {
    expect(report([], [prompt('x')]).alerts).toMatchObject([
      { kind: 'unserved', text: 'nobody serves codex; 1 prompt waits' },
    ]);
    expect(report([{ ...idle, lostSince: NOON - 1 }]).alerts[0]!.text).toBe('nobody serves codex: a is lost');
  });

  it('tell of a pool that is closed everywhere, until when', () => {
    const shut = host('a', [session('codex-1')], closed);
    expect(report([shut], [prompt('x')])).toMatchObject({
      pools: [{ closed: closed.closed, order: [{ aboutMs: 10 * MINUTE }] }],
      alerts: [{ kind: 'closed', until: NOON + 10 * MINUTE }],
    });
    expect(report([shut, host('b', [session('codex-1')])], [prompt('x')]).alerts).toEqual([]);
  });
});

it('is drawn with its order, its waits and its alerts', () => {
  const hosts = [host('a', [session('codex-1', busy), session('claude-1')])];
  const drawn = renderQueue(report(hosts, [prompt('cart-1'), prompt('cart-2', { priority: 8 })]), {
    paint: PLAIN,
    width: 120,
  });
  expect(`\n${drawn}\n`).toMatchInlineSnapshot(`
   "
   claude  1 idle  busy 0/1  nothing waits                 a turn takes about 3 min  a
   codex   0 idle  busy 1/1  2 waiting, the oldest 1m 00s  a turn takes about 3 min  a
       1  shop/cart-2  work  priority 8  waits 1m 00s  about 2 min
       2  shop/cart-1  work  priority 5  waits 1m 00s  about 5 min
   ALERT no session of codex is idle (busy 1/1); 2 prompts wait
         Serve more of it on this or another machine: gantry host --pool codex=2
   "
  `);
});

describe('any pool', () => {
  it('is first one named like the task, then one with an idle session, then the one with the shortest wait', () => {
    const hosts = [
      host('a', [session('slow-1', busy)], { turnMs: 20 * MINUTE }),
      host('b', [session('quick-1', busy)]),
      host('c', [session('free-1')]),
      host('d', [session('research-1', busy), session('codex-critical-1', { pool: 'codex-critical' })]),
    ];
    const prompts = ['slow', 'quick', 'research'].map((pool) => prompt(pool, { pool }));
    expect(poolsForAny(report(hosts, prompts))).toEqual(['free', 'quick', 'research', 'slow']);
    expect(poolsForAny(report(hosts, prompts), 'research')[0]).toBe('research');
  });
});

describe('the run of one prompt', () => {
  const request = { pools: ['codex', 'claude'], inRepository: false, keep: false };

  it('takes nothing in the prompt for a template, and asks its pools in order', () => {
    const { inputs, stages } = sendDefinition({ ...request, taskType: 'research', timeout: '5m' });
    expect(inputs).toEqual({ prompt: { type: 'string' } });
    expect(stages).toMatchObject([
      {
        ...{ id: 'prompt', kind: 'agent', pools: ['codex', 'claude'], task: 'research', timeoutMs: 5 * MINUTE },
        ...{ prompt: '{{ inputs.prompt }}', workspace: 'none', conversation: 'fresh' },
      },
    ]);
  });

  it('works in a worktree of a repository, and may keep its agent', () => {
    expect(sendDefinition({ ...request, inRepository: true, keep: true }).stages).toMatchObject([
      { workspace: 'shared', conversation: 'keep' },
    ]);
  });
});

describe('how a stage waits', () => {
  const run = { project: 'shop', runId: 'cart-1' };
  const place = { pool: 'codex', priority: 5, since: NOON - 40_000 };
  const record = aStage('work', { kind: 'agent', status: 'running', waitsIn: [place] });
  const chain = { pools: ['codex', 'claude', 'gemini'], waitMs: 2 * MINUTE };
  const said = (...given: Parameters<typeof stageWait>) =>
    renderStageWait(stageWait(...given)!, { at: NOON, timeZone: 'UTC' });

  it('tells its place, its wait, why, and who is asked next', () => {
    const queue = report([host('a', [session('codex-1', busy)])], [prompt('cart-1'), prompt('other', { priority: 9 })]);
    expect(said(run, record, NOON, { queue, stage: chain })).toBe(
      '2nd of 2 in queue, about 5 min (codex busy 1/1); claude is asked too in 1m 20s',
    );
  });

  it('tells that nobody serves its pool, or until when it is closed', () => {
    expect(said(run, record, NOON, { queue: report([], [prompt('cart-1')]) })).toBe(
      '1st of 1 in queue (no host serves codex)',
    );
    const shut = host('a', [session('codex-1')], { closed: { why: 'usage limit', until: NOON + 90 * MINUTE } });
    expect(said(run, record, NOON, { queue: report([shut], [prompt('cart-1')]) })).toBe(
      '1st of 1 in queue, about 2 h (codex closed until 13:30: usage limit)',
    );
  });

  it('speaks of the queue where its turn comes first', () => {
    const both = { ...record, waitsIn: [place, { ...place, pool: 'claude' }] };
    const queue = report(
      [host('a', [session('codex-1', busy)]), host('b', [session('claude-1', { ...busy, since: NOON - 170_000 })])],
      [prompt('cart-1'), prompt('cart-1', { pool: 'claude' })],
    );
    expect(said(run, both, NOON, { queue, stage: chain })).toMatch(
      /^1st of 1 in queue, about 45 s \(claude busy 1\/1\); gemini/,
    );
  });

  it('without the queues it says that it waits; a stage that has no place does not', () => {
    expect(said(run, record, NOON)).toBe('in queue');
    expect(stageWait(run, aStage('work'), NOON)).toBeUndefined();
  });
});
