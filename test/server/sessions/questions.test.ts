import { approveUpdate, cancelUpdate, rejectUpdate } from '../../../contracts/messages';
import { FakeHost } from '../../support/fake-host';
import { pipeline } from '../../support/pipelines';
import { RunHarness, type RunHandle } from '../../support/run-harness';
import { waitUntil } from '../../support/wait-until';

const who = 'lead';
const RM = { id: 'q1', kind: 'permission', what: 'Bash: rm -rf build' } as const;
const WHICH = { id: 'q2', kind: 'question', what: 'Which database?' } as const;

describe('what an agent asks', () => {
  let harness: RunHarness;
  let host: FakeHost;
  beforeEach(async () => {
    host = new FakeHost().serves({ name: 'host-a', pools: { codex: 1 } });
    harness = await RunHarness.start(host);
  });
  afterEach(() => harness.stop());

  const start = (more: Record<string, unknown> = {}): Promise<RunHandle> =>
    harness.start(pipeline({ stages: { work: { agent: 'codex', prompt: 'Do it', workspace: 'none', ...more } } }));
  const answers = () => host.acts.filter((act) => act.startsWith('answer'));
  const told = async (run: RunHandle, what: string) =>
    (await run.audit()).filter((entry) => entry.what === what).map((entry) => [entry.who, entry.stage, entry.text]);

  it('is a gate, and the turn goes on with what people say', async () => {
    host.asking('work', [RM]);
    const run = await start();
    const view = await run.untilGate('work');
    expect(view.gates[0]).toMatchObject({ message: 'codex asks: Bash: rm -rf build. Allow it?', approvers: ['*'] });
    expect(view.status).toBe('WAITING');
    expect(view.stages[0]?.status).toBe('waiting');
    await run.workflow.executeUpdate(approveUpdate, { args: [{ gate: 'work', who, comment: 'only this once' }] });
    const { status } = await run.result();
    expect(status).toBe('SUCCESS');
    expect(answers()).toEqual(['answer q1 of codex-1 yes: only this once']);
    expect(host.prompts).toHaveLength(1);
    expect(await told(run, 'prompt.answered')).toEqual([[who, 'work', 'allowed: Bash: rm -rf build']]);
  });

  it("may be refused, which is the agent's to deal with", async () => {
    host.asking('work', [RM]);
    const run = await start();
    await run.untilGate('work');
    await run.workflow.executeUpdate(rejectUpdate, { args: [{ gate: 'work', who }] });
    expect((await run.result()).status).toBe('SUCCESS');
    expect(answers()).toEqual(['answer q1 of codex-1 no']);
  });

  it('is answered by those the stage names, or by its deadline', async () => {
    host.asking('work', [RM]);
    const run = await start({ questions: { approvers: ['boss'], deadline: '1s', 'on-timeout': 'approve' } });
    await run.untilGate('work');
    const vote = run.workflow.executeUpdate(approveUpdate, { args: [{ gate: 'work', who }] });
    await expect(vote).rejects.toMatchObject({ cause: { message: 'lead may not decide gate "work"; boss may.' } });
    expect((await run.result()).status).toBe('SUCCESS');
    expect(answers()).toEqual(['answer q1 of codex-1 yes']);
    expect(await told(run, 'prompt.answered')).toEqual([['gantry', 'work', 'allowed: Bash: rm -rf build']]);
  });

  it('is one gate after another, each with votes of its own', async () => {
    host.asking('work', [RM, { ...WHICH, after: ['q1'] }]);
    const run = await start();
    await run.untilGate('work');
    await run.workflow.executeUpdate(approveUpdate, { args: [{ gate: 'work', who }] });
    const second = await run.until((view) =>
      view.gates.some(({ message, outcome }) => message.includes('database') && outcome === undefined),
    );
    expect(second.gates).toHaveLength(1);
    expect(second.gates[0]).toMatchObject({ gate: 'work', votes: [] });
    await run.workflow.executeUpdate(approveUpdate, { args: [{ gate: 'work', who, comment: 'PostgreSQL' }] });
    expect((await run.result()).status).toBe('SUCCESS');
    expect(answers()).toEqual(['answer q1 of codex-1 yes', 'answer q2 of codex-1 yes: PostgreSQL']);
  });

  it('is two gates when it asks two things at once', async () => {
    host.asking('work', [RM, WHICH]);
    const run = await start();
    const view = await run.untilGate('work.2');
    expect(view.gates.map(({ gate, message }) => [gate, message])).toEqual([
      ['work', 'codex asks: Bash: rm -rf build. Allow it?'],
      ['work.2', 'codex asks: Which database? (answer with a comment)'],
    ]);
    await run.workflow.executeUpdate(approveUpdate, { args: [{ gate: 'work.2', who, comment: 'SQLite' }] });
    await waitUntil(() => answers().length === 1);
    expect((await run.view()).stages[0]?.status).toBe('waiting');
    await run.workflow.executeUpdate(rejectUpdate, { args: [{ gate: 'work', who }] });
    expect((await run.result()).status).toBe('SUCCESS');
    expect(answers()).toEqual(['answer q2 of codex-1 yes: SQLite', 'answer q1 of codex-1 no']);
    expect((await told(run, 'gate.voted')).map(([, stage]) => stage)).toEqual(['work', 'work']);
  });

  it('is asked no more once somebody has answered at its terminal', async () => {
    host.asking('work', [RM]);
    const run = await start();
    await run.untilGate('work');
    await waitUntil(() => host.prompts.length === 1);
    host.sessionHost.answerAtTerminal(host.prompts[0]!.dispatchId, 'q1');
    const { status, view } = await run.result();
    expect(status).toBe('SUCCESS');
    expect(view.gates[0]).toMatchObject({ outcome: 'approved', decidedBy: 'terminal' });
    expect(answers()).toEqual([]);
    expect((await told(run, 'gate.decided')).map(([, , text]) => text)).toEqual(["answered at the agent's terminal"]);
  });

  it('is asked no more once the agent has crashed, and anew in the next attempt', async () => {
    let crash!: () => void;
    const crashed = new Promise<void>((resolve) => (crash = resolve));
    host
      .asking('work', [RM])
      .on('work', (times) => (times === 1 ? { until: crashed, fail: { type: 'Agent.Crashed' } } : {}));
    const run = await start({ retry: { attempts: 2, delay: '1ms' } });
    const first = await run.untilGate('work');
    crash();
    const second = await run.until(({ gates }) => gates[0] !== undefined && gates[0].ask !== first.gates[0]?.ask);
    expect(second.gates).toHaveLength(1);
    await run.workflow.executeUpdate(approveUpdate, { args: [{ gate: 'work', who }] });
    expect((await run.result()).status).toBe('SUCCESS');
    expect((await told(run, 'gate.decided'))[0]?.[2]).toBe('not asked any more: the turn has ended');
  });

  it("does not stop another stage's failure from letting the agent finish", async () => {
    let fail!: () => void;
    host.asking('work', [RM]).on('test', { exitCode: 1, until: new Promise<void>((resolve) => (fail = resolve)) });
    const stages = {
      test: { run: 'test', workspace: 'none' },
      work: { agent: 'codex', prompt: 'x', workspace: 'none' },
    };
    const run = await harness.start(pipeline({ stages }));
    await run.untilGate('work');
    fail();
    await run.until((view) => view.stages[0]?.status === 'failed');
    await run.workflow.executeUpdate(approveUpdate, { args: [{ gate: 'work', who }] });
    const { status, view } = await run.result();
    expect(status).toBe('PARTIAL_SUCCESS');
    expect(view.stages[1]?.status).toBe('succeeded');
  });

  it('is dropped when the run is cancelled', async () => {
    host.asking('work', [RM]);
    const run = await start();
    await run.untilGate('work');
    await run.workflow.executeUpdate(cancelUpdate, { args: [{ who }] });
    const { status, view } = await run.result();
    expect(status).toBe('CANCELLED');
    expect(view.gates).toEqual([]);
    expect(answers()).toEqual([]);
  });
});
