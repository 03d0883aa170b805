import { approveUpdate, cancelUpdate, rejectUpdate } from '../../../contracts/messages';
import { carriedFrom } from '../../../contracts/run';
import type { Conversation } from '../../../contracts/sessions';
import { FakeHost, type ScriptedSessionHost } from '../../support/fake-host';
import { pipeline } from '../../support/pipelines';
import { RunHarness, type RunHandle } from '../../support/run-harness';
import { waitUntil } from '../../support/wait-until';

const who = 'lead';
const retry = { attempts: 2, delay: '1ms' };

describe('a prompt that was leased a session', () => {
  let harness: RunHarness;
  let host: FakeHost;
  afterEach(() => harness.stop());

  async function serve(...hosts: ScriptedSessionHost[]): Promise<void> {
    host = new FakeHost().serves(...hosts);
    harness = await RunHarness.start(host);
  }

  const work = (more: Record<string, unknown> = {}) =>
    pipeline({ stages: { work: { agent: 'codex', prompt: 'Do it', retry, ...more } } });
  const talk = (session: string, on = 'host-a'): Conversation => ({ id: 'talk-1', agent: 'codex', host: on, session });
  const told = async (run: RunHandle, what: string) =>
    (await run.audit()).filter((entry) => entry.what === what).map(({ text }) => text);

  it('is leased another one when the first lapses, and no attempt is used up', async () => {
    await serve({ name: 'host-a', pools: { codex: 1 } });
    host.sessionHost.leasesToLose = 3;
    const run = await harness.start(work({ retry: { attempts: 1 } }));
    const { status, view } = await run.result();
    expect(status).toBe('SUCCESS');
    expect(view.stages[0]?.attempt).toBe(1);
    const leases = host.sessionHost.leased.map(({ leaseId }) => leaseId.replace(/.*@/, ''));
    expect(leases).toEqual(['codex', 'codex.2', 'codex.3', 'codex.4']);
    expect(host.prompts).toHaveLength(1);
  });

  it('has had an attempt when no lease holds', async () => {
    await serve({ name: 'host-a', pools: { codex: 1 } });
    host.sessionHost.leasesToLose = 12;
    const run = await harness.start(work());
    const { status, view } = await run.result();
    expect(status).toBe('SUCCESS');
    expect(view.stages[0]?.attempt).toBe(2);
    expect(host.sessionHost.leased).toHaveLength(13);
  });

  it('is sent by another host when its own is lost, once nothing of the first can work on', async () => {
    await serve({ name: 'host-a', pools: { codex: 1 } }, { name: 'host-b', pools: { claude: 1 } });
    host.on('work', (times) => (times === 1 ? { until: new Promise<void>(() => undefined) } : {}));
    const run = await harness.start(work({ chain: ['claude'], wait: '300ms' }), { limits: { hostGoneMs: 1_000 } });
    await run.until((view) => view.stages[0]?.lease?.host === 'host-a');
    await waitUntil(() => host.count('agent work') === 1);
    await harness.losePower(host.sessionHost);
    const { status, view } = await run.result();
    expect(status).toBe('SUCCESS');
    expect(view.stages[0]).toMatchObject({ attempt: 2, lease: { host: 'host-b' } });
    expect(host.acts.filter((act) => act === 'fence' || act.startsWith('agent'))).toEqual([
      'agent work',
      'fence',
      'agent work',
    ]);
    expect(await told(run, 'host.lost')).toEqual(['host-a with codex-1 does not answer']);
    // What was said on host-a cannot be gone on with on host-b.
    expect(host.prompts[1]).not.toHaveProperty('resume');
    expect(host.prompts[1]?.prompt).toBe('Do it');
    const again = (await run.audit()).find(({ what }) => what === 'stage.retried');
    expect(again?.text).toContain('Host.Lost');
  }, 90_000);

  it('is ended before anything is taken back when its host is lost and the run is cancelled', async () => {
    await serve({ name: 'host-a', pools: { codex: 1 } });
    host.on('work', { until: new Promise<void>(() => undefined) });
    const run = await harness.start(work(), { limits: { hostGoneMs: 1_000 } });
    await waitUntil(() => host.count('agent work') === 1);
    await harness.losePower(host.sessionHost);
    await run.workflow.executeUpdate(cancelUpdate, { args: [{ who }] });
    expect((await run.result()).status).toBe('CANCELLED');
    expect(host.acts.slice(-2)).toEqual(['fence', 'undo remove-workspace']);
  }, 90_000);

  it.each(['Agent.Crashed', 'Agent.Stuck', 'Stage.TimedOut'] as const)(
    'goes on in its conversation after %s, on the session that knows it',
    async (type) => {
      await serve({ name: 'host-a', pools: { codex: 3 } });
      host.on('work', (times) => (times === 1 ? { fail: { type, details: { conversation: talk('codex-2') } } } : {}));
      const run = await harness.start(work());
      expect((await run.result()).status).toBe('SUCCESS');
      expect(host.prompts[0]).not.toHaveProperty('resume');
      expect(host.prompts[1]).toMatchObject({ resume: talk('codex-2'), lease: { session: 'codex-2' } });
      expect(host.prompts[1]?.prompt).toBe(
        'Do it\n\nYou were interrupted while you worked on this: see what is done already, and go on from there.',
      );
      expect(await told(run, 'prompt.resumed')).toEqual(['goes on in conversation talk-1 of codex-2 on host-a']);
    },
  );

  it('begins anew after a failure of the work', async () => {
    await serve({ name: 'host-a', pools: { codex: 1 } });
    const fail = { type: 'Agent.ContractNotMet', details: { conversation: talk('codex-1') } } as const;
    host.on('work', (times) => (times === 1 ? { fail } : {}));
    const run = await harness.start(work());
    expect((await run.result()).status).toBe('SUCCESS');
    expect(host.prompts[1]).not.toHaveProperty('resume');
  });

  const loop = (conversation: string, fixes: number) =>
    pipeline({
      stages: {
        work: { agent: 'codex', prompt: 'Do it', conversation },
        test: { needs: 'work', run: 'npm test', 'on-failure': { fix: 'work', attempts: fixes } },
      },
    });

  it('goes on in a kept conversation from turn to turn, also when the run continues as new', async () => {
    await serve({ name: 'host-a', pools: { codex: 2 } });
    host.on('test', (times) => ({ exitCode: times <= 6 ? 1 : 0 }));
    const run = await harness.start(loop('keep', 6), { limits: { historyEvents: 60 } });
    const { status, view } = await run.result();
    expect(status).toBe('SUCCESS');
    const [first, ...later] = host.prompts;
    expect(first).not.toHaveProperty('resume');
    const conversation = { id: `talk-${first!.dispatchId}`, agent: 'codex', host: 'host-a', session: 'codex-1' };
    expect(later.map(({ resume }) => resume)).toEqual(Array(6).fill(conversation));
    expect(host.prompts.every(({ keep }) => keep)).toBe(true);
    expect(later[0]?.prompt).toContain('stage "test" then failed');
    expect(later[0]?.prompt).not.toContain('You were interrupted');
    expect(view.stages[0]?.conversation).toEqual(conversation);
    const described = await run.workflow.describe();
    expect(described.raw.workflowExecutionInfo?.firstRunId).not.toBe(described.runId);
  });

  it('goes on in a kept conversation when its run is resumed', async () => {
    await serve({ name: 'host-a', pools: { codex: 1 } });
    const definition = pipeline({
      stages: {
        before: { run: 'before' },
        work: {
          needs: 'before',
          agent: 'codex',
          prompt: 'Do it',
          conversation: 'keep',
          accept: 'output.commits > 1',
          retry: { attempts: 1 },
        },
      },
    });
    const failed = await (await harness.start(definition)).result();
    expect(failed.status).toBe('PARTIAL_SUCCESS');
    const again = await harness.start(definition, {
      run: failed.view.run,
      carried: carriedFrom(failed),
      intent: { kind: 'resume' },
    });
    await again.result();
    expect(host.prompts.map(({ resume }) => resume?.id)).toEqual([undefined, `talk-${host.prompts[0]!.dispatchId}`]);
  });

  it('begins a fresh conversation in each turn unless its stage keeps one', async () => {
    await serve({ name: 'host-a', pools: { codex: 1 } });
    host.on('test', (times) => ({ exitCode: times === 1 ? 1 : 0 }));
    const run = await harness.start(loop('fresh', 1));
    expect((await run.result()).status).toBe('SUCCESS');
    expect(host.prompts.map(({ keep, resume }) => [keep, resume])).toEqual([
      [false, undefined],
      [false, undefined],
    ]);
  });

  it('goes to another provider after its own has turned it away', async () => {
    await serve({ name: 'host-a', pools: { codex: 1, claude: 1 } });
    const resetsAt = Date.now() + 3_600_000;
    const fail = {
      type: 'Provider.Quota',
      message: 'usage limit',
      retryAfterMs: 3_600_000,
      details: { resetsAt },
    } as const;
    host.on('work', (times) => (times === 1 ? { fail } : {}));
    const run = await harness.start(work({ chain: ['claude'], wait: '1h' }));
    const { status, view } = await run.result();
    expect(status).toBe('SUCCESS');
    expect(host.prompts.map(({ lease }) => lease.pool)).toEqual(['codex', 'claude']);
    expect(host.acts).toContain('closed? codex claude');
    expect(view.stages[0]?.avoids).toEqual([{ pool: 'codex', why: 'usage limit', until: resetsAt }]);
    expect(await told(run, 'prompt.queued')).toContain('claude at priority 5: codex is closed: usage limit');
  });

  it('stays with its provider where nobody else can be asked', async () => {
    await serve({ name: 'host-a', pools: { codex: 1 } });
    host.on('work', { fail: { type: 'Provider.Quota' } });
    const run = await harness.start(work());
    expect((await run.result()).view.failure?.type).toBe('Provider.Quota');
    expect(host.prompts).toHaveLength(1);
  });

  it('frees its session when the run is cancelled before it was sent', async () => {
    await serve({ name: 'host-b', pools: { codex: 1 }, home: '/home-b' });
    host.on('publish', { until: new Promise<void>(() => undefined) });
    const run = await harness.start(work());
    await waitUntil(() => host.acts.some((act) => act.startsWith('publish')));
    await run.workflow.executeUpdate(cancelUpdate, { args: [{ who }] });
    expect((await run.result()).status).toBe('CANCELLED');
    expect(host.sessionHost.sessions[0]).not.toHaveProperty('lease');
    expect(host.prompts).toEqual([]);
  });

  it('needs no workspace', async () => {
    await serve({ name: 'host-a', pools: { codex: 1 } });
    const run = await harness.start(work({ workspace: 'none' }));
    const { view } = await run.result();
    expect(view.stages[0]?.output).toEqual({ message: 'done', commits: 0, head: 'beef' });
    expect(host.prompts[0]).not.toHaveProperty('workspace');
    expect(host.acts).toEqual(['agent work']);
  });

  it('finds the work of its run in another home, and brings its own back', async () => {
    await serve({ name: 'host-b', pools: { codex: 1 }, home: '/home-b' });
    const source = { setup: 'npm ci', stages: { work: { agent: 'codex', prompt: 'Do it' } } };
    const run = await harness.start(pipeline(source));
    expect((await run.result()).status).toBe('SUCCESS');
    const branch = `gantry/${(await run.view()).run.runId}`;
    expect(host.acts).toEqual([
      'workspace',
      `publish ${branch}`,
      'agent work',
      `receive refs/${host.prompts[0]!.dispatchId}`,
      `remove ${branch}`,
    ]);
    expect(host.prompts[0]?.setup).toMatchObject({ command: 'npm ci' });
  });

  describe('when its attempts are used up by failing sessions', () => {
    async function usedUp(more: Record<string, unknown> = {}): Promise<RunHandle> {
      await serve({ name: 'host-a', pools: { codex: 1 } });
      const fail = {
        type: 'Agent.Crashed',
        message: 'It crashed.',
        details: { conversation: talk('codex-1') },
      } as const;
      host.on('work', (times) => (times <= 2 ? { fail } : {}));
      return harness.start(work(more));
    }

    it('a person grants as many again, which go on in the conversation', async () => {
      const run = await usedUp();
      const view = await run.untilGate('work');
      expect(view.status).toBe('WAITING');
      expect(view.gates[0]).toMatchObject({
        message: '"work" failed after 2 attempts (Agent.Crashed: It crashed.) Try 2 more times?',
        deadlineAt: view.gates[0]!.openedAt + 30 * 60_000,
      });
      await run.workflow.executeUpdate(approveUpdate, { args: [{ gate: 'work', who }] });
      const { status, view: end } = await run.result();
      expect(status).toBe('SUCCESS');
      expect(end.stages[0]).toMatchObject({ status: 'succeeded', attempt: 3 });
      expect(end.stages[0]).not.toHaveProperty('failure');
      expect(host.prompts[2]?.resume).toEqual(talk('codex-1'));
      expect(host.prompts[2]?.dispatchId).toMatch(/\.1\.3$/);
    });

    it('a person is asked again when those are used up too', async () => {
      const run = await usedUp();
      host.on('work', { fail: { type: 'Agent.Crashed', message: 'It crashed.' } });
      await run.untilGate('work');
      await run.workflow.executeUpdate(approveUpdate, { args: [{ gate: 'work', who }] });
      await run.until(({ gates }) => gates.some(({ message }) => message.includes('after 4 attempts')));
      await run.workflow.executeUpdate(rejectUpdate, { args: [{ gate: 'work', who }] });
      expect((await run.result()).view.failure?.type).toBe('Agent.Crashed');
      expect(host.prompts).toHaveLength(4);
    });

    it('a person who decides after the run continued as new is heard', async () => {
      await serve({ name: 'host-a', pools: { codex: 1 } });
      host.on('work', (times) => (times === 1 ? { fail: { type: 'Agent.Crashed' } } : {}));
      host.on('spin', (times) => ({ exitCode: times <= 12 ? 1 : 0 }));
      const run = await harness.start(
        pipeline({
          stages: {
            work: { agent: 'codex', prompt: 'Do it', workspace: 'none', retry: { attempts: 1 } },
            first: { run: 'first', workspace: 'none' },
            spin: { needs: 'first', run: 'spin', workspace: 'none', 'on-failure': { fix: 'first', attempts: 20 } },
            last: { needs: 'spin', gate: {} },
          },
        }),
        { limits: { historyEvents: 60 } },
      );
      await run.untilGate('last');
      const described = await run.workflow.describe();
      expect(described.raw.workflowExecutionInfo?.firstRunId).not.toBe(described.runId);
      for (const gate of ['work', 'last']) await run.workflow.executeUpdate(approveUpdate, { args: [{ gate, who }] });
      const { status, view } = await run.result();
      expect(status).toBe('SUCCESS');
      expect(view.stages[0]).toMatchObject({ status: 'succeeded', attempt: 2 });
    });

    it('a rejection, and nobody deciding in time, lets the stage fail', async () => {
      const run = await usedUp({ questions: { deadline: '300ms', 'on-timeout': 'approve' } });
      const { status, view } = await run.result();
      expect(status).toBe('SYSTEM_FAILURE');
      expect(view.failure).toMatchObject({ type: 'Agent.Crashed', message: 'It crashed.' });
      expect(view.gates[0]).toMatchObject({ outcome: 'rejected', decidedBy: 'deadline' });
      expect(host.prompts).toHaveLength(2);
    });

    it('nobody is asked where the file says what to do', async () => {
      const run = await usedUp({ 'on-failure': 'continue' });
      const { status, view } = await run.result();
      expect(status).toBe('COMPLETED_DEGRADED');
      expect(view.gates).toEqual([]);
    });

    it('a person is asked at once where nobody can tell what became of the prompt', async () => {
      const run = await usedUp();
      host.on('work', (times) => (times === 1 ? { fail: { type: 'Agent.OutcomeUnknown' } } : {}));
      await run.untilGate('work');
      expect(host.prompts).toHaveLength(1);
      await run.workflow.executeUpdate(approveUpdate, { args: [{ gate: 'work', who }] });
      expect((await run.result()).status).toBe('SUCCESS');
    });
  });
});
