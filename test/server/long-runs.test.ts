import { approveUpdate } from '../../contracts/messages';
import { pipeline } from '../support/pipelines';
import { FakeHost } from '../support/fake-host';
import { RunHarness } from '../support/run-harness';

describe('long runs', () => {
  let harness: RunHarness;
  afterEach(() => harness.stop());

  it('with fifteen stages and thirty fix turns continue as new, and no history reaches 10,000 events', async () => {
    const host = new FakeHost().on('test', (times) => ({ exitCode: times <= 30 ? 1 : 0 }));
    harness = await RunHarness.start(host);
    const stages: Record<string, unknown> = {
      prepare: { run: 'prepare', undo: 'undo prepare' },
      implement: { needs: 'prepare', agent: 'coder', prompt: 'x' },
    };
    for (let number = 1; number <= 11; number += 1) {
      stages[`step-${number}`] = { needs: number === 1 ? 'implement' : `step-${number - 1}`, run: 'step' };
    }
    stages['test'] = { needs: 'step-11', run: 'npm test', 'on-failure': { fix: 'implement', attempts: 30 } };
    stages['approve'] = { needs: 'test', gate: { approvers: ['lead'] } };
    const run = await harness.start(pipeline({ stages }), { limits: { historyEvents: 400 } });
    await run.untilGate('approve');
    await run.workflow.executeUpdate(approveUpdate, { args: [{ gate: 'approve', who: 'lead' }] });
    const { status, carried } = await run.result();
    expect(status).toBe('SUCCESS');
    expect(host.count('agent implement')).toBe(31);
    expect(host.count('run prepare')).toBe(1);
    expect(new Set(host.prompts.map((prompt) => prompt.dispatchId)).size).toBe(31);
    expect(carried.undos.map((undo) => undo.stage)).toContain('prepare');
    const described = await run.workflow.describe();
    expect(described.historyLength).toBeLessThan(10_000);
    const first = described.raw.workflowExecutionInfo?.firstRunId;
    expect(first).not.toBe(described.runId);
  });

  it('put an open gate down with its votes and its deadline, and take it up again', async () => {
    const host = new FakeHost().on('spin', (times) => ({ exitCode: times <= 12 ? 1 : 0 }));
    harness = await RunHarness.start(host);
    const run = await harness.start(
      pipeline({
        stages: {
          approve: { gate: { approvers: ['lead', 'qa'], min: 2, deadline: '1h' } },
          work: { run: 'work', workspace: 'none' },
          spin: { needs: 'work', run: 'spin', workspace: 'none', 'on-failure': { fix: 'work', attempts: 20 } },
        },
      }),
      { limits: { historyEvents: 60 } },
    );
    const before = await run.untilGate('approve');
    await run.workflow.executeUpdate(approveUpdate, { args: [{ gate: 'approve', who: 'lead' }] });
    const after = await run.until((view) =>
      view.stages.some((stage) => stage.key === 'spin' && stage.status === 'succeeded'),
    );
    expect(after.gates[0]).toMatchObject({
      openedAt: before.gates[0]?.openedAt,
      deadlineAt: before.gates[0]?.deadlineAt,
    });
    await run.untilGate('approve');
    await run.workflow.executeUpdate(approveUpdate, { args: [{ gate: 'approve', who: 'qa' }] });
    const { status, view } = await run.result();
    expect(status).toBe('SUCCESS');
    expect(view.gates[0]?.votes.map((vote) => vote.who)).toEqual(['lead', 'qa']);
    expect((await run.audit()).filter((entry) => entry.what === 'gate.opened')).toHaveLength(1);
    const described = await run.workflow.describe();
    expect(described.raw.workflowExecutionInfo?.firstRunId).not.toBe(described.runId);
  });

  it('behave the same when every workflow task replays the whole history', async () => {
    const host = new FakeHost().on('test', (times) => ({ exitCode: times === 1 ? 1 : 0 }));
    harness = await RunHarness.start(host, { maxCachedWorkflows: 0 });
    const run = await harness.start(
      pipeline({
        stages: {
          implement: { agent: 'coder', prompt: 'x' },
          docs: { agent: 'coder', prompt: 'y' },
          test: { needs: ['implement', 'docs'], run: 'npm test', 'on-failure': { fix: 'implement', attempts: 2 } },
          approve: { needs: 'test', gate: { deadline: '1s', 'on-timeout': 'approve' } },
          merge: { needs: 'approve', merge: {} },
        },
      }),
    );
    expect((await run.result()).status).toBe('SUCCESS');
  });

  it('stop at their timeout with what finished kept', async () => {
    const host = new FakeHost().on('slow', { until: new Promise<void>(() => undefined) });
    harness = await RunHarness.start(host);
    const run = await harness.start(
      pipeline({
        timeout: '2s',
        stages: {
          quick: { run: 'quick', workspace: 'none' },
          slow: { needs: 'quick', run: 'slow', workspace: 'none' },
        },
      }),
    );
    const { status, view } = await run.result();
    expect(status).toBe('TIMEOUT');
    expect(view.stages.map((stage) => stage.status)).toEqual(['succeeded', 'cancelled']);
  });

  it('end even when what their stages made is too large for a result', async () => {
    const host = new FakeHost();
    const stages: Record<string, unknown> = {};
    for (let number = 1; number <= 40; number += 1) {
      host.on(`make-${number}`, { output: { blob: 'x'.repeat(60_000) } });
      stages[`make-${number}`] = { run: 'make', output: { blob: 'string' }, workspace: 'none' };
    }
    harness = await RunHarness.start(host);
    const run = await harness.start(pipeline({ stages }));
    const { status, view } = await run.result();
    expect(status).toBe('SUCCESS');
    const kept = view.stages.filter((stage) => 'blob' in (stage.output as object));
    expect(kept.length).toBeGreaterThan(0);
    expect(kept.length).toBeLessThan(40);
  });

  it('begin no stage that costs once their budget is spent', async () => {
    const host = new FakeHost().on('plan', { costUsd: 0.6 }).on('review', { costUsd: 0.6 });
    harness = await RunHarness.start(host);
    const run = await harness.start(
      pipeline({
        budget: 1,
        stages: {
          plan: { prompt: 'plan' },
          review: { needs: 'plan', prompt: 'review' },
          again: { needs: 'review', prompt: 'again' },
        },
      }),
    );
    const { status, view } = await run.result();
    expect(status).toBe('BUDGET_EXHAUSTED');
    expect(view.failure?.message).toBe('The run has spent $1.2000 of $1.');
    expect(host.modelCalls.map((call) => call.stage)).toEqual(['plan', 'review']);
  });
});
