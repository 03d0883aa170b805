import { approveUpdate, cancelUpdate, pauseUpdate, priorityUpdate, unpauseUpdate } from '../../../contracts/messages';
import type { RunInput, RunView } from '../../../contracts/run';
import { FakeHost } from '../../support/fake-host';
import { pipeline } from '../../support/pipelines';
import { RunHarness, type RunHandle } from '../../support/run-harness';
import { waitUntil } from '../../support/wait-until';

// The real workflow and the real queues of a real server; hosts and their agents are scripted.

const who = 'tester';

describe('prompts that wait for a session', () => {
  let harness: RunHarness;
  let host: FakeHost;
  afterEach(() => harness.stop());

  async function serve(...hosts: Parameters<FakeHost['serves']>): Promise<void> {
    host = new FakeHost().serves(...hosts);
    harness = await RunHarness.start(host);
  }

  function prompt(id: string, more: Record<string, unknown> = {}, input: Partial<RunInput> = {}): Promise<RunHandle> {
    const stage = { agent: 'codex', prompt: id, workspace: 'none', ...more };
    return harness.start(pipeline({ stages: { [id]: stage } }), input);
  }

  /** Keep a session busy until the test lets it go. */
  async function busy(id: string): Promise<() => void> {
    let release!: () => void;
    host.on(id, { until: new Promise<void>((resolve) => (release = resolve)) });
    const agent = id.replace(/-\d+$/, '');
    await prompt(id, { agent });
    await waitUntil(() => host.count(`agent ${id}`) === 1);
    return release;
  }

  const placesOf = (view: RunView): string[] =>
    (view.stages[0]?.waitsIn ?? []).map((place) => `${place.pool}:${place.priority}`);
  const queued = (run: RunHandle) => run.until((view) => placesOf(view).length > 0);
  const sentTo = (stage: string) => host.prompts.find((one) => one.stage === stage)?.lease.session;
  const queueEntries = async (run: RunHandle) =>
    (await run.audit()).filter(({ what }) => what.startsWith('prompt.')).map(({ text }) => text);

  it('are leased sessions by priority, then by age, whatever the order they came in', async () => {
    await serve({ name: 'host-a', pools: { codex: 3 } });
    const release = await busy('codex-1');
    await busy('codex-2');
    await busy('codex-3');
    const priorities = [5, 5, 1, 10, 7, 2, 9, 5, 3, 10, 8, 4, 6, 1, 9, 2, 7, 5, 3, 8];
    const runs: RunHandle[] = [];
    for (const [index, priority] of priorities.entries()) {
      const run = await prompt(`p${index}`, {}, { priority });
      await queued(run);
      runs.push(run);
    }
    release();
    for (const run of runs) expect((await run.result()).status).toBe('SUCCESS');
    const order = host.prompts.slice(3).map(({ stage }) => Number(stage.slice(1)));
    const expected = priorities.map((_, index) => index).sort((a, b) => priorities[b]! - priorities[a]! || a - b);
    expect(order).toEqual(expected);
  });

  it('share sessions fairly between projects of the same priority', async () => {
    await serve({ name: 'host-a', pools: { codex: 1 } });
    const release = await busy('codex-1');
    const runs: RunHandle[] = [];
    for (let index = 1; index <= 8; index += 1) {
      runs.push(
        await prompt(`big-${index}`, {}, { run: { project: 'big', runId: `big-${index}-${harness.taskQueue}` } }),
      );
      await queued(runs.at(-1)!);
    }
    runs.push(await prompt('small-1', {}, { run: { project: 'small', runId: `small-${harness.taskQueue}` } }));
    await queued(runs.at(-1)!);
    release();
    for (const run of runs) await run.result();
    const order = host.prompts.slice(1).map(({ stage }) => stage);
    expect(order.indexOf('small-1')).toBeLessThan(4);
  });

  it('are also put into the next pool when theirs is busy for too long, and leave the other queue when they win', async () => {
    await serve({ name: 'host-a', pools: { codex: 1, claude: 1 } });
    const [release, releaseOther] = [await busy('codex-1'), await busy('claude-1')];
    const run = await prompt('work', { chain: ['claude'], wait: '500ms' });
    expect(placesOf(await queued(run))).toEqual(['codex:5']);
    await run.until((view) => placesOf(view).length === 2);
    const metadata = await run.workflow.query<{ currentDetails: string }>('__temporal_workflow_metadata');
    expect(metadata.currentDetails).toContain('waits in codex, claude');
    releaseOther();
    const { status, view } = await run.result();
    expect(status).toBe('SUCCESS');
    expect(view.stages[0]).toMatchObject({ lease: { session: 'claude-1', host: 'host-a' }, by: 'claude (tmux)' });
    expect(view.stages[0]).not.toHaveProperty('waitsIn');
    expect(await queueEntries(run)).toEqual([
      'codex at priority 5',
      expect.stringMatching(/^claude at priority 5 too: codex was busy for \d/),
      expect.stringMatching(/^claude-1 on host-a after \d/),
    ]);
    release();
    const next = await prompt('next');
    await next.result();
    expect(host.sessionHost.leased.map(({ stage, pool }) => `${stage} ${pool}`)).toEqual([
      'codex-1 codex',
      'claude-1 claude',
      'work claude',
      'next codex',
    ]);
  });

  it('go to the next pool at once when theirs is closed, and say why', async () => {
    await serve({ name: 'host-a', pools: { codex: 1, claude: 1 } });
    await busy('codex-1');
    host.closed = [{ pool: 'codex', why: 'usage limit until 15:00' }];
    const run = await prompt('work', { chain: ['claude'], wait: '1h' }, { limits: { closedLookMs: 200 } });
    expect((await run.result()).status).toBe('SUCCESS');
    expect(sentTo('work')).toBe('claude-1');
    expect(await queueEntries(run)).toContain('claude at priority 5 too: codex is closed: usage limit until 15:00');
  });

  it('ask nobody which pools are closed while they are leased sessions at once', async () => {
    await serve({ name: 'host-a', pools: { codex: 1, claude: 1 } });
    const run = await prompt('work', { chain: ['claude'] });
    await run.result();
    expect(host.acts).toEqual(['agent work']);
    const { events } = await run.workflow.fetchHistory();
    const scheduled = (events ?? []).flatMap(
      (event) => event.activityTaskScheduledEventAttributes?.activityType?.name ?? [],
    );
    expect(scheduled).toEqual(['reserveSession', 'dispatchPrompt']);
  });

  it('wait the same when every workflow task replays the whole history', async () => {
    host = new FakeHost().serves({ name: 'host-a', pools: { codex: 1, claude: 1 } });
    harness = await RunHarness.start(host, { maxCachedWorkflows: 0 });
    const release = await busy('codex-1');
    const releaseOther = await busy('claude-1');
    host.asking('work', [{ id: 'q1', kind: 'permission', what: 'Bash: ls' }]);
    host.on('work', (times) => (times === 1 ? { fail: { type: 'Provider.Overloaded' } } : {}));
    const limits = { agingMs: 900, closedLookMs: 300 };
    const run = await prompt('work', { chain: ['claude'], wait: '500ms', retry: { attempts: 2 } }, { limits });
    await run.until((view) => (view.stages[0]?.waitsIn?.at(-1)?.priority ?? 0) >= 7);
    releaseOther();
    await run.until((view) => view.stages[0]?.attempt === 2);
    release();
    await run.untilGate('work');
    await run.workflow.executeUpdate(approveUpdate, { args: [{ gate: 'work', who }] });
    expect((await run.result()).status).toBe('SUCCESS');
    expect(host.prompts.map(({ stage }) => stage).filter((stage) => stage === 'work')).toHaveLength(2);
  });

  it('give back every lease but the first', async () => {
    await serve({ name: 'host-a', pools: { codex: 1, claude: 1, gemini: 1 } });
    const run = await prompt('work', { chain: ['claude', 'gemini'], wait: '0s' });
    expect((await run.result()).status).toBe('SUCCESS');
    expect(host.prompts).toHaveLength(1);
    await waitUntil(() => host.sessionHost.sessions.every((session) => session.lease === undefined));
    const others = host.sessionHost.leased.length - 1;
    expect(host.acts.filter((act) => act.startsWith('release'))).toHaveLength(others);
  });

  it('become more urgent with time, without ever being in no queue', async () => {
    await serve({ name: 'host-a', pools: { codex: 1 } });
    const release = await busy('codex-1');
    const old = await prompt('old', {}, { priority: 3, limits: { agingMs: 700 } });
    await queued(old);
    const young = await prompt('young', {}, { priority: 4 });
    await queued(young);
    const aged = await old.until((view) => (view.stages[0]?.waitsIn?.[0]?.priority ?? 0) >= 6);
    expect(aged.stages[0]?.waitsIn?.at(-1)?.since).toBe(
      (await old.audit()).find(({ what }) => what === 'prompt.queued')?.at,
    );
    release();
    await Promise.all([old.result(), young.result()]);
    expect(host.prompts.map(({ stage }) => stage)).toEqual(['codex-1', 'old', 'young']);
    expect((await queueEntries(old)).slice(0, 2)).toEqual([
      'codex at priority 3',
      expect.stringMatching(/^codex at priority 4: it has waited for/),
    ]);
  });

  it('move when people change the priority of their run', async () => {
    await serve({ name: 'host-a', pools: { codex: 1 } });
    const release = await busy('codex-1');
    const first = await prompt('first');
    await queued(first);
    const second = await prompt('second');
    await queued(second);
    await second.workflow.executeUpdate(priorityUpdate, { args: [{ who, priority: 8 }] });
    await second.until((view) => placesOf(view).join() === 'codex:8');
    release();
    await Promise.all([first.result(), second.result()]);
    expect(host.prompts.map(({ stage }) => stage)).toEqual(['codex-1', 'second', 'first']);
  });

  it('also wait for the sessions kept for critical work, if they are critical', async () => {
    await serve({ name: 'host-a', pools: { codex: 1, 'codex-critical': 1 } });
    const release = await busy('codex-1');
    const usual = await prompt('usual', {}, { priority: 8 });
    expect(placesOf(await queued(usual))).toEqual(['codex:8']);
    const critical = await prompt('critical', {}, { priority: 9 });
    expect((await critical.result()).status).toBe('SUCCESS');
    expect(sentTo('critical')).toBe('codex-critical-1');
    expect(placesOf(await usual.view())).toEqual(['codex:8']);
    release();
    await usual.result();
  });

  it('are not sent while their run is paused, and wait on when it goes on', async () => {
    await serve({ name: 'host-a', pools: { codex: 1 } });
    const release = await busy('codex-1');
    const run = await prompt('paused');
    await queued(run);
    await run.workflow.executeUpdate(pauseUpdate, { args: [{ who }] });
    await run.until((view) => view.stages[0]?.waitsIn?.length === 0);
    release();
    // Behind it in the queue, so the session was free for the paused one too.
    expect((await (await prompt('other')).result()).status).toBe('SUCCESS');
    expect(host.count('agent paused')).toBe(0);
    await run.workflow.executeUpdate(unpauseUpdate, { args: [{ who }] });
    expect((await run.result()).status).toBe('SUCCESS');
    expect(host.prompts.at(-1)?.dispatchId).toMatch(/\.paused\.1\.1$/);
  });

  it('leave the queue when their run is cancelled', async () => {
    await serve({ name: 'host-a', pools: { codex: 1 } });
    const release = await busy('codex-1');
    const run = await prompt('unwanted', { chain: ['claude'], wait: '0s' });
    await run.until((view) => placesOf(view).length === 2);
    await run.workflow.executeUpdate(cancelUpdate, { args: [{ who }] });
    expect((await run.result()).status).toBe('CANCELLED');
    release();
    expect((await (await prompt('next')).result()).status).toBe('SUCCESS');
    expect(host.sessionHost.leased.map(({ stage }) => stage)).toEqual(['codex-1', 'next']);
  });

  it('leave the queue when another stage has failed: what was not sent need not be', async () => {
    await serve({ name: 'host-a', pools: { codex: 1 } });
    await busy('codex-1');
    let fail!: () => void;
    host.on('test', { exitCode: 1, until: new Promise<void>((resolve) => (fail = resolve)) });
    const stages = {
      test: { run: 'test', workspace: 'none' },
      work: { agent: 'codex', prompt: 'x', workspace: 'none' },
    };
    const run = await harness.start(pipeline({ stages }));
    await run.until((view) => (view.stages[1]?.waitsIn ?? []).length > 0);
    fail();
    const { view } = await run.result();
    expect(view.stages.map(({ status }) => status)).toEqual(['failed', 'cancelled']);
    expect(view.stages[1]).not.toHaveProperty('waitsIn');
  });

  it('are put down when their run continues as new, and keep the time they have waited', async () => {
    await serve({ name: 'host-a', pools: { codex: 1 } });
    const release = await busy('codex-1');
    host.on('spin', (times) => ({ exitCode: times <= 12 ? 1 : 0 }));
    const run = await harness.start(
      pipeline({
        stages: {
          patient: { agent: 'codex', prompt: 'x', workspace: 'none' },
          work: { run: 'work', workspace: 'none' },
          spin: { needs: 'work', run: 'spin', workspace: 'none', 'on-failure': { fix: 'work', attempts: 20 } },
          approve: { needs: 'spin', gate: {} },
        },
      }),
      { limits: { historyEvents: 60 } },
    );
    const before = await queued(run);
    await run.untilGate('approve');
    const described = await run.workflow.describe();
    expect(described.raw.workflowExecutionInfo?.firstRunId).not.toBe(described.runId);
    const after = await queued(run);
    expect(after.stages[0]?.waitsIn?.[0]?.since).toBe(before.stages[0]?.waitsIn?.[0]?.since);
    release();
    await run.workflow.executeUpdate(approveUpdate, { args: [{ gate: 'approve', who }] });
    expect((await run.result()).status).toBe('SUCCESS');
    const dispatches = host.prompts.filter(({ stage }) => stage === 'patient').map(({ dispatchId }) => dispatchId);
    expect(dispatches).toEqual([expect.stringMatching(/\.patient\.1\.1$/)]);
  });
});
