import { existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createSessionActivities } from '../../../../activities/sessions/session-activities';
import { endIdleAgents } from '../../../../activities/sessions/hosts/end-idle';
import type { SessionHost } from '../../../../activities/sessions/hosts/session-host';
import { keepUp } from '../../../../activities/sessions/hosts/upkeep';
import type { DispatchInput, DispatchResult } from '../../../../contracts/activities';
import type { SessionState } from '../../../../contracts/sessions';
import { AgentBench, isAlive, leaseFor, quietEnvironment } from '../../../support/agent-bench';
import { dispatchOnHost, openBenchHost } from '../../../support/session-bench';
import { waitUntil } from '../../../support/wait-until';

let bench: AgentBench;
let ending: AbortController;
let upkeep: Promise<void>;
/** Runs that have ended, by the word of the server. */
let endedRuns: Set<string>;

beforeEach(() => {
  bench = new AgentBench();
  ending = new AbortController();
  upkeep = Promise.resolve();
  endedRuns = new Set();
});
afterEach(async () => {
  ending.abort();
  await upkeep;
  await bench.close();
});

interface Pool {
  readonly min: number;
  readonly max: number;
}

async function openHost(flags: readonly string[], pool: Pool, config: Record<string, unknown> = {}) {
  const agent = bench.agent(flags, { resume: ['--resume', '{id}'], 'free-memory-mb': 0, ...config });
  const host = await openBenchHost(bench.ports(agent), pool);
  const { followed } = createSessionActivities(host, new Promise(() => undefined));
  const watch = {
    standing: () => Promise.resolve({ state: 'closed' as const, generation: 0 }),
    takeProbe: () => Promise.resolve(false),
    isOpen: ({ runId }: { runId: string }) => Promise.resolve(!endedRuns.has(runId)),
    followed,
    orphanMs: 500,
  };
  upkeep = keepUp(host, watch, ending.signal);
  return host;
}

function stateOf(host: SessionHost, name = 'a-1'): SessionState {
  return host.view().sessions.find((session) => session.name === name)!.state;
}

function input(number: number, more: Partial<DispatchInput> = {}): DispatchInput {
  const dispatchId = `r-1.implement.1.${number}`;
  return bench.input({ dispatchId, lease: leaseFor(dispatchId), prompt: `prompt ${number}`, ...more });
}

function withoutWorkspace(number: number, more: Partial<DispatchInput> = {}): DispatchInput {
  const { workspace: _, ...rest } = input(number, more);
  return rest;
}

async function run(host: SessionHost, what: DispatchInput): Promise<DispatchResult> {
  return (await dispatchOnHost(host, what, quietEnvironment())) as DispatchResult;
}

function started(): readonly { readonly resumed?: string }[] {
  return bench.log().filter(({ what }) => what === 'started') as { resumed?: string }[];
}

describe('a pool that keeps sessions up', () => {
  it('has an agent waiting for a prompt without a workspace, and another one for the next', async () => {
    const host = await openHost([], { min: 1, max: 1 });
    await waitUntil(() => stateOf(host) === 'idle');
    expect(started()).toHaveLength(1);
    await run(host, withoutWorkspace(1));
    expect(started()).toHaveLength(1);
    // A conversation is not carried from prompt to prompt: the next one finds an agent that has heard nothing.
    await waitUntil(() => started().length === 2 && stateOf(host) === 'idle');
    await run(host, withoutWorkspace(2));
    expect(bench.prompts().map(({ prompt }) => prompt)).toEqual(['prompt 1', 'prompt 2']);
  });

  it.each([
    ['says', {}],
    ['shows', { ready: 'screen' }],
  ])('types nothing into an agent that was started ahead until that one %s that it is ready', async (_, config) => {
    const host = await openHost(['--draws-early', '--ready-after', '1500'], { min: 1, max: 1 }, config);
    await waitUntil(() => started().length === 1 && stateOf(host) === 'starting');
    await run(host, withoutWorkspace(1));
    expect(started()).toHaveLength(1);
    expect(bench.log().filter(({ what }) => what === 'lost')).toEqual([]);
    expect(bench.prompts()).toHaveLength(1);
  });

  it('starts an agent in the worktree of a prompt that has one', async () => {
    const host = await openHost(['--commits', '1'], { min: 1, max: 1 });
    await waitUntil(() => stateOf(host) === 'idle');
    expect(await run(host, input(1))).toMatchObject({ commits: 1, session: 'here/a-1' });
    expect(started().length).toBeGreaterThanOrEqual(2);
  });

  it('notices that an idle agent died, and starts another', async () => {
    const host = await openHost([], { min: 1, max: 1 });
    await waitUntil(() => stateOf(host) === 'idle');
    process.kill(bench.survivors()[0]!, 'SIGKILL');
    await waitUntil(() => started().length === 2 && stateOf(host) === 'idle');
  });

  it('calls a session unhealthy whose agent never comes up, and promises nobody that one', async () => {
    const host = await openHost(['--die-at-start'], { min: 1, max: 1 });
    await waitUntil(() => stateOf(host) === 'unhealthy');
    expect(host.tryPromise('a')).toBeUndefined();
    expect(host.view().sessions[0]).toMatchObject({ restarts: 3, doing: expect.stringContaining('ended') as unknown });
  });
});

describe('a conversation', () => {
  it('goes on in the agent that has it', async () => {
    const host = await openHost([], { min: 0, max: 1 });
    const first = await run(host, input(1, { keep: true }));
    expect(first.conversation).toMatchObject({ agent: 'a', host: 'here', session: 'a-1' });
    await run(host, input(2, { keep: true, resume: first.conversation! }));
    expect(started()).toHaveLength(1);
    expect(bench.prompts()).toHaveLength(2);
  });

  it('is resumed by its id when that agent is gone', async () => {
    const host = await openHost([], { min: 0, max: 1 });
    const first = await run(host, input(1, { keep: true }));
    bench.survivors().forEach((pid) => process.kill(pid, 'SIGKILL'));
    await waitUntil(() => stateOf(host) === 'stopped');
    await run(host, input(2, { resume: first.conversation! }));
    expect(started()[1]).toMatchObject({ resumed: first.conversation!.id });
  });

  it('is not gone on with by a prompt that wants a fresh one', async () => {
    const host = await openHost([], { min: 0, max: 1 });
    await run(host, input(1, { keep: true }));
    await run(host, input(2));
    expect(started()).toHaveLength(2);
    expect(started()[1]).not.toHaveProperty('resumed');
    expect(bench.survivors()).toEqual([]);
  });

  it('is given up when its session is idle for long', async () => {
    const host = await openHost([], { min: 0, max: 1 }, { 'idle-stop-ms': 1_500 });
    await run(host, input(1, { keep: true }));
    expect(bench.survivors()).toHaveLength(1);
    await waitUntil(() => bench.survivors().length === 0 && stateOf(host) === 'stopped');
  });
});

describe('an agent that asks', () => {
  async function untilAsked(host: SessionHost) {
    const asking = await dispatchOnHost(host, input(1), quietEnvironment());
    return (asking as { asks: { id: string; what: string } }).asks;
  }

  it('ends the attempt with the question, keeps the session, and goes on with the answer', async () => {
    const host = await openHost(['--ask'], { min: 0, max: 1 });
    const asks = await untilAsked(host);
    expect(asks).toMatchObject({ what: 'Bash: rm -rf build', kind: 'permission' });
    expect(host.tryPromise('a')).toBeUndefined();
    const { sessions } = createSessionActivities(host, new Promise(() => undefined));
    const rest = dispatchOnHost(host, input(1, { asked: [asks.id] }), quietEnvironment());
    await waitUntil(() => stateOf(host) === 'asking');
    const { dispatchId } = input(1);
    const answer = { dispatchId, askId: asks.id, session: 'a-1', allow: true, text: 'go' };
    expect(await sessions.answerAgent(answer)).toEqual({ answered: true });
    expect(await sessions.answerAgent({ ...answer, allow: false })).toEqual({ answered: false });
    await rest;
    expect(bench.prompts()).toHaveLength(1);
    expect(bench.log()).toContainEqual({ what: 'answered', how: { allow: true, text: 'go' } });
    expect(await sessions.answerAgent(answer)).toEqual({ answered: false });
  });

  it('goes on when somebody answers at the terminal', async () => {
    const host = await openHost(['--ask'], { min: 0, max: 1 });
    const asks = await untilAsked(host);
    const rest = dispatchOnHost(host, input(1, { asked: [asks.id] }), quietEnvironment());
    await waitUntil(() => stateOf(host) === 'asking');
    await bench.tmux('send-keys', '-t', '=here-a-1:', 'y');
    expect(await rest).toHaveProperty('message');
    expect(bench.log()).toContainEqual({ what: 'answered', how: 'key' });
  });
});

it('an agent without progress is stuck: it is stopped, and says which conversation can be gone on with', async () => {
  const host = await openHost(['--hang', '--children'], { min: 0, max: 1 });
  const failure = await run(host, input(1, { stuckMs: 700 })).catch((error: unknown) => error);
  expect(failure).toMatchObject({ type: 'Agent.Stuck', details: [{ conversation: { agent: 'a', host: 'here' } }] });
  expect(bench.survivors()).toEqual([]);
  expect(host.tryPromise('a')).toBeDefined();
});

describe('a lease', () => {
  const wanted = (number: number) => {
    const { run: of, stage, dispatchId, lease } = input(number);
    return { run: of, stage, dispatchId, pool: 'a', leaseId: lease.id };
  };

  it('is found again when its answer was lost, also by the next process of the host', async () => {
    const host = await openHost([], { min: 0, max: 2 });
    const lease = await host.reserve(wanted(1));
    expect(await host.reserve(wanted(1))).toEqual(lease);
    expect((await host.reserve(wanted(2))).session).not.toBe(lease.session);
    const next = await openBenchHost(host.ports, { min: 0, max: 2 });
    expect(await next.reserve(wanted(1))).toEqual(lease);
    await expect(next.reserve(wanted(3))).rejects.toMatchObject({ type: 'Session.NoneIdle', nonRetryable: false });
  });

  it('that was released is lost to the prompt that comes too late, before anything was typed', async () => {
    const host = await openHost([], { min: 0, max: 1 });
    await host.reserve(wanted(1));
    expect(await host.release(wanted(1).leaseId)).toBe(true);
    const { sessions } = createSessionActivities(host, new Promise(() => undefined));
    const late = quietEnvironment().run(sessions.dispatchPrompt, input(1));
    await expect(late).rejects.toMatchObject({ type: 'Session.LeaseLost' });
    expect(bench.log()).toEqual([]);
  });

  it('of a run that ended while nobody followed it is ended with its agent', async () => {
    const host = await openHost(['--hang', '--deaf'], { min: 0, max: 1 });
    const environment = quietEnvironment();
    const hanging = dispatchOnHost(host, input(1), environment);
    hanging.catch(() => undefined);
    await waitUntil(() => bench.prompts().length === 1);
    const { ActivityCancellationDetails } = await import('@temporalio/common');
    environment.cancel('WORKER_SHUTDOWN', new ActivityCancellationDetails({ workerShutdown: true }));
    await expect(hanging).rejects.toThrow('WORKER_SHUTDOWN');
    endedRuns.add('r-1');
    await waitUntil(() => bench.survivors().length === 0 && stateOf(host) === 'stopped', { timeoutMs: 20_000 });
    expect(host.tryPromise('a')).toBeDefined();
  });
});

describe('a person', () => {
  const control = (host: SessionHost, action: 'stop' | 'start' | 'restart' | 'reserve' | 'drain', more = {}) =>
    createSessionActivities(host, new Promise(() => undefined)).sessions.controlSessions({
      ...{ who: 'lead', action, targets: ['a-1'] },
      ...more,
    });

  it('stops and starts sessions, but not one at work unless forced', async () => {
    const host = await openHost(['--hang'], { min: 1, max: 1 });
    await waitUntil(() => stateOf(host) === 'idle');
    expect(await control(host, 'stop')).toEqual({ done: ['a-1'], refused: [] });
    expect(bench.survivors()).toEqual([]);
    expect(host.tryPromise('a')).toBeUndefined();
    await control(host, 'start');
    await waitUntil(() => stateOf(host) === 'idle');
    const working = run(host, input(1));
    working.catch(() => undefined);
    await waitUntil(() => bench.prompts().length === 1);
    expect((await control(host, 'stop')).refused[0]).toContain('--force');
    expect(await control(host, 'stop', { force: true })).toMatchObject({ done: ['a-1'] });
    await expect(working).rejects.toMatchObject({ type: 'Agent.Crashed' });
    expect(bench.survivors()).toEqual([]);
  });

  it('reserves a session for critical work', async () => {
    const host = await openHost([], { min: 0, max: 2 });
    const pools: (readonly string[])[] = [];
    host.onPools((now) => pools.push(now));
    await control(host, 'reserve');
    expect(pools).toEqual([['a-critical', 'a']]);
    expect(host.view().sessions.map(({ pool }) => pool)).toEqual(['a-critical', 'a']);
  });

  it('is told which targets there are', async () => {
    const host = await openHost([], { min: 0, max: 1 });
    const { refused } = await control(host, 'drain', { targets: ['b-9'] });
    expect(refused).toEqual([expect.stringContaining('a-1')]);
  });
});

describe('a host that leaves', () => {
  /** As its process does: nothing is started any more, and nothing is leased. */
  async function leave(host: SessionHost): Promise<void> {
    ending.abort();
    await upkeep;
    await endIdleAgents(host);
  }

  it('ends the agents that idle, and resumes the conversations they were kept for', async () => {
    const mayFinish = join(bench.root, 'may-finish');
    const host = await openHost(['--wait-for', mayFinish], { min: 1, max: 3 });
    await waitUntil(() => stateOf(host) === 'idle');
    const [waiting] = bench.survivors();
    writeFileSync(mayFinish, '');
    const on = (session: string, number: number) => ({ lease: leaseFor(input(number).dispatchId, session) });
    const { conversation } = await run(host, input(1, { keep: true, ...on('a-2', 1) }));
    const kept = bench.survivors().find((pid) => pid !== waiting);
    rmSync(mayFinish);
    const working = run(host, input(2, on('a-3', 2)));
    await waitUntil(() => bench.prompts().length === 2);
    await leave(host);
    expect([waiting!, kept!].map(isAlive)).toEqual([false, false]);
    expect(bench.survivors()).toHaveLength(1);
    writeFileSync(mayFinish, '');
    expect(await working).toHaveProperty('message');
    const next = await openBenchHost(host.ports, { min: 1, max: 3 });
    await run(next, input(3, { resume: conversation!, ...on('a-2', 3) }));
    expect(started().at(-1)).toMatchObject({ resumed: conversation!.id });
  });

  it('ends an agent that is still starting, and does not hold that against its session', async () => {
    const host = await openHost(['--ready-after', '60000'], { min: 1, max: 1 });
    await waitUntil(() => started().length === 1 && stateOf(host) === 'starting');
    await leave(host);
    expect(bench.survivors()).toEqual([]);
    await waitUntil(() => stateOf(host) === 'stopped');
    expect(host.view().sessions[0]).toMatchObject({ restarts: 0 });
  });

  it('waits no longer for one that does not listen than for any other', async () => {
    const host = await openHost(['--deaf'], { min: 1, max: 1 }, { 'grace-ms': 600_000, interrupt: 'Escape' });
    await waitUntil(() => stateOf(host) === 'idle');
    await leave(host);
    expect(bench.survivors()).toEqual([]);
  });

  it('leaves the terminal that a person is looking at', async () => {
    const host = await openHost([], { min: 1, max: 1 });
    await waitUntil(() => stateOf(host) === 'idle');
    const person = await bench.attach('here-a-1');
    await waitUntil(() => stateOf(host) === 'held');
    await leave(host);
    expect(bench.survivors()).toHaveLength(1);
    await person.leave();
  });
});

it('writes nothing outside of its home', async () => {
  const host = await openHost([], { min: 1, max: 1 });
  await waitUntil(() => stateOf(host) === 'idle');
  writeFileSync(join(bench.root, 'mine'), '');
  expect(readdirSync(bench.root).sort()).toEqual(['a repo #1', 'agent.log', 'home', 'mine']);
  expect(existsSync(join(bench.home, 'hosts', 'here', 'sessions', 'a-1.json'))).toBe(true);
});
