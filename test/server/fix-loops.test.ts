import { rejectUpdate, approveUpdate } from '../../contracts/messages';
import { pipeline } from '../support/pipelines';
import { RunHarness } from '../support/run-harness';

describe('fix loops', () => {
  let harness: RunHarness;
  beforeEach(async () => {
    harness = await RunHarness.start();
  });
  afterEach(() => harness.stop());

  const loop = (onFailure: Record<string, unknown>) =>
    pipeline({
      stages: {
        implement: { agent: 'coder', prompt: 'Implement it' },
        test: { needs: 'implement', run: 'npm test', 'on-failure': { fix: 'implement', ...onFailure } },
        ship: { needs: 'test', run: 'ship' },
      },
    });

  it('go back to implement with the evidence until the tests pass', async () => {
    harness.host.on('test', (times) => ({ exitCode: times < 3 ? 1 : 0 }));
    const run = await harness.start(loop({ attempts: 3 }));
    const { status, view } = await run.result();
    expect(status).toBe('SUCCESS');
    expect(harness.host.prompts.map((prompt) => prompt.dispatchId)).toEqual(
      [1, 2, 3].map((turn) => `${view.run.runId}.implement.${turn}.1`),
    );
    expect(harness.host.prompts[0]?.prompt).toBe('Implement it');
    expect(harness.host.prompts[1]?.prompt).toContain('stage "test" then failed');
    expect(harness.host.prompts[1]?.prompt).toContain('test says 1');
    expect(harness.host.count('run ship')).toBe(1);
  });

  it('stop after their attempts', async () => {
    harness.host.on('test', { exitCode: 1 });
    const run = await harness.start(loop({ attempts: 2 }));
    expect((await run.result()).status).toBe('PARTIAL_SUCCESS');
    expect(harness.host.count('agent implement')).toBe(3);
  });

  it('ask a person when they give up; an approval goes on without the stage', async () => {
    harness.host.on('test', { exitCode: 1 });
    const run = await harness.start(loop({ attempts: 1, then: 'gate' }));
    const view = await run.untilGate('test');
    expect(view.stages.find((stage) => stage.key === 'test')).toMatchObject({
      status: 'waiting',
      failure: { type: 'Stage.CommandFailed' },
    });
    await run.workflow.executeUpdate(approveUpdate, { args: [{ gate: 'test', who: 'lead' }] });
    expect((await run.result()).status).toBe('COMPLETED_DEGRADED');
    expect(harness.host.count('run ship')).toBe(1);
  });

  it('ask a person when they give up; a rejection ends the run', async () => {
    harness.host.on('test', { exitCode: 1 });
    const run = await harness.start(loop({ attempts: 1, then: 'gate' }));
    await run.untilGate('test');
    await run.workflow.executeUpdate(rejectUpdate, { args: [{ gate: 'test', who: 'lead', comment: 'no' }] });
    const { status, view } = await run.result();
    expect(status).toBe('PARTIAL_SUCCESS');
    expect(view.stages.find((stage) => stage.key === 'test')?.status).toBe('failed');
  });

  it('do not send a broken setup back to an agent that cannot mend it', async () => {
    harness.host.on('test', { fail: { type: 'Secret.Missing' } });
    const run = await harness.start(loop({ attempts: 3 }));
    expect((await run.result()).view.failure?.type).toBe('Secret.Missing');
    expect(harness.host.count('agent implement')).toBe(1);
  });

  it("carry a rejecting person's words back to implement", async () => {
    const run = await harness.start(
      pipeline({
        stages: {
          implement: { agent: 'coder', prompt: 'Implement it' },
          approve: {
            needs: 'implement',
            gate: { approvers: ['lead'] },
            'on-failure': { fix: 'implement', attempts: 1 },
          },
        },
      }),
    );
    await run.untilGate('approve');
    await run.workflow.executeUpdate(rejectUpdate, {
      args: [{ gate: 'approve', who: 'lead', comment: 'wrong colour' }],
    });
    await run.until(() => harness.host.count('agent implement') === 2);
    expect(harness.host.prompts[1]?.prompt).toContain('lead: wrong colour');
    await run.untilGate('approve');
    await run.workflow.executeUpdate(approveUpdate, { args: [{ gate: 'approve', who: 'lead' }] });
    expect((await run.result()).status).toBe('SUCCESS');
  });
});
