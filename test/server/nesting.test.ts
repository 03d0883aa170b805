import { approveUpdate, cancelUpdate, rollbackUpdate } from '../../contracts/messages';
import { runWorkflowId } from '../../contracts/ids';
import { pipeline } from '../support/pipelines';
import { FakeHost } from '../support/fake-host';
import { RunHandle, RunHarness } from '../support/run-harness';

describe('nested pipelines', () => {
  let harness: RunHarness;
  afterEach(() => harness.stop());

  it('run six layers deep, give their output upwards and share the workspace', async () => {
    harness = await RunHarness.start();
    const layers = Object.fromEntries(
      [1, 2, 3, 4, 5].map((layer) => [
        `layer-${layer}`,
        {
          inputs: { depth: { type: 'integer' } },
          stages: {
            down: { pipeline: `layer-${layer + 1}`, with: { depth: '{{ inputs.depth + 1 }}' } },
          },
          output: { deepest: '{{ stages.down.output.deepest }}' },
        },
      ]),
    );
    const run = await harness.start(
      pipeline({
        stages: {
          down: { pipeline: 'layer-1', with: { depth: 1 } },
          show: { needs: 'down', run: 'echo {{ stages.down.output.deepest }}', workspace: 'none' },
        },
        pipelines: {
          ...layers,
          'layer-6': {
            inputs: { depth: { type: 'integer' } },
            stages: { work: { run: 'work' } },
            output: { deepest: '{{ inputs.depth }}' },
          },
        },
      }),
    );
    expect((await run.result()).status).toBe('SUCCESS');
    expect(harness.host.commands.at(-1)?.command.env).toMatchObject({ GANTRY_V1: '6' });
    expect(harness.host.count('workspace')).toBe(1);
  });

  it('can be made at run time by an earlier stage', async () => {
    const made = { stages: { a: { run: 'a', workspace: 'none' }, b: { needs: 'a', run: 'b', workspace: 'none' } } };
    harness = await RunHarness.start(new FakeHost().on('plan', { output: { pipeline: made } }));
    const run = await harness.start(
      pipeline({
        stages: {
          plan: { prompt: 'make a pipeline', output: { pipeline: 'any' } },
          doit: { needs: 'plan', pipeline: '{{ stages.plan.output.pipeline }}' },
        },
      }),
    );
    expect((await run.result()).status).toBe('SUCCESS');
    expect(harness.host.acts).toEqual(['model plan', 'run a', 'run b']);
  });

  it('that are made wrong fail the stage with every mistake named', async () => {
    harness = await RunHarness.start(
      new FakeHost().on('plan', { output: { pipeline: { stages: { a: { needs: 'zzz', run: 'a' } } } } }),
    );
    const run = await harness.start(
      pipeline({
        stages: {
          plan: { prompt: 'make a pipeline', output: { pipeline: 'any' } },
          doit: { needs: 'plan', pipeline: '{{ stages.plan.output.pipeline }}' },
        },
      }),
    );
    const { view } = await run.result();
    expect(view.failure?.type).toBe('Definition.Invalid');
    expect(view.failure?.message).toContain('zzz');
  });

  const nestedWork = () =>
    pipeline({
      stages: { inner: { pipeline: 'inner' }, after: { needs: 'inner', run: 'after', undo: 'undo after' } },
      pipelines: {
        inner: {
          stages: {
            deploy: { run: 'deploy', undo: 'undo deploy' },
            approve: { needs: 'deploy', gate: { approvers: ['lead'] } },
          },
        },
      },
    });

  it('that are cancelled with their parent take back what they did', async () => {
    harness = await RunHarness.start();
    const run = await harness.start(nestedWork());
    const view = await run.until((now) => now.nested.length === 1 && harness.host.world.has('ran deploy'));
    expect(view.nested[0]?.stage).toBe('inner');
    await run.workflow.executeUpdate(cancelUpdate, { args: [{ who: 'tester' }] });
    expect((await run.result()).status).toBe('CANCELLED');
    expect([...harness.host.world]).toEqual([]);
  });

  it('hand their undos to their parent when they end well', async () => {
    let release!: () => void;
    harness = await RunHarness.start(
      new FakeHost().on('after', { until: new Promise<void>((resolve) => (release = resolve)) }),
    );
    const run = await harness.start(nestedWork());
    const { nested, run: ref } = await run.until((now) => now.nested.length === 1);
    const inner = new RunHandle(harness.client.workflow.getHandle(runWorkflowId(ref.project, nested[0]!.runId)));
    await inner.untilGate('approve');
    await inner.workflow.executeUpdate(approveUpdate, { args: [{ gate: 'approve', who: 'lead' }] });
    await run.until(() => harness.host.count('run after') === 1);
    await run.workflow.executeUpdate(rollbackUpdate, { args: [{ who: 'tester' }] });
    expect((await run.result()).status).toBe('ROLLED_BACK');
    expect([...harness.host.world]).toEqual([]);
    release();
  });
});

describe('runs of other projects', () => {
  it('are waited for before the first stage, and what they gave is known', async () => {
    let finish!: () => void;
    const host = new FakeHost().on('after api', { until: new Promise<void>((resolve) => (finish = resolve)) });
    const harness = await RunHarness.start(host);
    const run = await harness.start(
      pipeline({
        after: [{ project: 'api', run: 'api-1' }],
        stages: { use: { run: 'use {{ run.after[0].output.version }}', workspace: 'none' } },
      }),
    );
    await run.until((view) => view.status === 'WAITING');
    expect(host.count('run use')).toBe(0);
    finish();
    expect((await run.result()).status).toBe('SUCCESS');
    expect(host.commands[0]?.command.env).toMatchObject({ GANTRY_V1: '1.2.3' });
    await harness.stop();
  });

  it('that failed end the run before its first stage', async () => {
    const harness = await RunHarness.start(new FakeHost().on('after api', { fail: { type: 'Run.DependencyFailed' } }));
    const run = await harness.start(
      pipeline({ after: { project: 'api' }, stages: { use: { run: 'use', workspace: 'none' } } }),
    );
    const { status, view } = await run.result();
    expect(status).toBe('SYSTEM_FAILURE');
    expect(view.failure?.type).toBe('Run.DependencyFailed');
    expect(harness.host.acts).toEqual([]);
    await harness.stop();
  });
});
