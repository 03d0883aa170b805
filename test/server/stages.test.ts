import { pipeline } from '../support/pipelines';
import { RunHarness } from '../support/run-harness';

// The real workflow on a real server; the host is scripted.
describe('stages', () => {
  let harness: RunHarness;
  beforeEach(async () => {
    harness = await RunHarness.start();
  });
  afterEach(() => harness.stop());

  it('run in the order of their needs, and what they made reaches those that follow', async () => {
    harness.host.on('plan', { output: { title: 'percent key', files: ['a.ts', 'b.ts'] } });
    const run = await harness.start(
      pipeline({
        stages: {
          test: { needs: 'implement', run: 'echo {{ stages.plan.output.files[1] }}' },
          plan: { prompt: 'Plan', output: { title: 'string', files: ['string'] } },
          implement: { needs: 'plan', agent: 'coder', prompt: 'Do {{ stages.plan.output.title }}' },
        },
      }),
    );
    const { status, view } = await run.result();
    expect(status).toBe('SUCCESS');
    expect(harness.host.acts.filter((act) => !act.includes('branch'))).toEqual([
      'model plan',
      'workspace',
      'agent implement',
      'run test',
      expect.stringMatching(/^remove gantry\/feature-/),
    ]);
    expect(harness.host.prompts[0]?.prompt).toBe('Do percent key');
    expect(harness.host.commands[0]?.command.env).toMatchObject({ GANTRY_V1: 'b.ts' });
    expect(view.stages.map((stage) => stage.key)).toEqual(['test', 'plan', 'implement']);
    expect([...harness.host.world]).toEqual(['ran test']);
  });

  it('that need nothing of each other run beside each other, each agent in a worktree of its own', async () => {
    let release!: () => void;
    const both = new Promise<void>((resolve) => (release = resolve));
    harness.host.on('backend', { until: both }).on('frontend', { until: both });
    const run = await harness.start(
      pipeline({
        stages: {
          backend: { agent: 'coder', prompt: 'server part' },
          frontend: { agent: 'coder', prompt: 'page' },
          test: { needs: ['backend', 'frontend'], run: 'npm test' },
        },
      }),
    );
    await run.until(() => harness.host.count('agent backend') + harness.host.count('agent frontend') === 2);
    release();
    expect((await run.result()).status).toBe('SUCCESS');
    const paths = harness.host.prompts.map((prompt) => prompt.workspace?.path);
    expect(new Set(paths).size).toBe(2);
    expect(harness.host.count('integrate backend') + harness.host.count('integrate frontend')).toBe(2);
    expect(harness.host.acts.indexOf('run test')).toBeGreaterThan(harness.host.acts.indexOf('integrate frontend'));
  });

  it('are skipped when their condition is false, and those that need them still run', async () => {
    const run = await harness.start(
      pipeline({
        inputs: { risky: { type: 'boolean' } },
        stages: {
          audit: { when: 'inputs.risky', run: 'audit', workspace: 'none' },
          ship: { needs: 'audit', run: 'ship', workspace: 'none' },
        },
      }),
      { inputs: { risky: false } },
    );
    const { status, view } = await run.result();
    expect(status).toBe('SUCCESS');
    expect(view.stages.map(({ key, status: of }) => [key, of])).toEqual([
      ['audit', 'skipped'],
      ['ship', 'succeeded'],
    ]);
    expect(harness.host.acts).toEqual(['run ship']);
  });

  it('fan out over a matrix, and what the cells made is a list', async () => {
    harness.host.on('plan', { output: { targets: ['linux', 'mac'] } });
    for (const cell of ['build[18,linux]', 'build[18,mac]', 'build[20,linux]', 'build[20,mac]']) {
      harness.host.on(cell, { output: { made: cell } });
    }
    const run = await harness.start(
      pipeline({
        stages: {
          plan: { prompt: 'targets?', output: { targets: ['string'] } },
          build: {
            needs: 'plan',
            matrix: { node: [18, 20], os: 'stages.plan.output.targets' },
            run: 'build {{ matrix.node }} {{ matrix.os }}',
            output: { made: 'string' },
            workspace: 'none',
          },
          ship: { needs: 'build', run: 'ship {{ stages.build.output[3].made }}', workspace: 'none' },
        },
      }),
    );
    expect((await run.result()).status).toBe('SUCCESS');
    const cells = harness.host.commands
      .filter((command) => command.executionId.startsWith('build'))
      .sort((a, b) => a.executionId.localeCompare(b.executionId));
    expect(cells.map((cell) => cell.command.env)).toEqual([
      expect.objectContaining({ GANTRY_V1: '18', GANTRY_V2: 'linux' }),
      expect.objectContaining({ GANTRY_V1: '18', GANTRY_V2: 'mac' }),
      expect.objectContaining({ GANTRY_V1: '20', GANTRY_V2: 'linux' }),
      expect.objectContaining({ GANTRY_V1: '20', GANTRY_V2: 'mac' }),
    ]);
    expect(harness.host.commands.at(-1)?.command.env).toMatchObject({ GANTRY_V1: 'build[20,mac]' });
  });

  it('are tried again as often as they ask, each try with an id of its own', async () => {
    harness.host.on('flaky', (times) => ({ exitCode: times < 3 ? 1 : 0 }));
    const run = await harness.start(
      pipeline({ stages: { flaky: { run: 'flaky', retry: { attempts: 3, delay: '1ms' }, workspace: 'none' } } }),
    );
    expect((await run.result()).status).toBe('SUCCESS');
    expect(harness.host.commands.map((command) => command.executionId)).toEqual([
      'flaky#1.1/run',
      'flaky#1.2/run',
      'flaky#1.3/run',
    ]);
  });

  it('send an agent that crashed a new dispatch, and never the old one again', async () => {
    harness.host.on('implement', (times) => (times === 1 ? { fail: { type: 'Agent.Crashed' } } : {}));
    const run = await harness.start(
      pipeline({ stages: { implement: { agent: 'coder', prompt: 'x', retry: { attempts: 2, delay: '1ms' } } } }),
    );
    const { status, view } = await run.result();
    expect(status).toBe('SUCCESS');
    const ids = harness.host.prompts.map((prompt) => prompt.dispatchId);
    expect(ids).toEqual([`${view.run.runId}.implement.1.1`, `${view.run.runId}.implement.1.2`]);
    expect((await run.audit()).find((entry) => entry.what === 'stage.retried')?.text).toContain('Agent.Crashed');
  });

  it('end the run as PARTIAL_SUCCESS when one fails, with its reason and its evidence', async () => {
    harness.host.on('test', { exitCode: 2 });
    const run = await harness.start(
      pipeline({
        stages: {
          build: { run: 'build', workspace: 'none' },
          test: { needs: 'build', run: 'npm test', workspace: 'none' },
          ship: { needs: 'test', run: 'ship', workspace: 'none' },
        },
      }),
    );
    const { status, view } = await run.result();
    expect(status).toBe('PARTIAL_SUCCESS');
    expect(view.failure).toEqual({
      type: 'Stage.CommandFailed',
      message: 'The command ended with exit code 2.',
      evidence: { inline: 'test says 2' },
    });
    expect(harness.host.count('run ship')).toBe(0);
    await expect(run.workflow.result()).rejects.toThrow('Workflow execution failed');
  });

  it('end the run as COMPLETED_DEGRADED when a failure is tolerated', async () => {
    harness.host.on('lint', { exitCode: 1 });
    const run = await harness.start(
      pipeline({
        stages: {
          lint: { run: 'lint', 'on-failure': 'continue', workspace: 'none' },
          ship: { needs: 'lint', run: 'ship', workspace: 'none' },
        },
      }),
    );
    expect((await run.result()).status).toBe('COMPLETED_DEGRADED');
    expect(harness.host.count('run ship')).toBe(1);
  });

  it('fail by their accept expression, with what they produced as evidence', async () => {
    harness.host.on('review', { output: { verdict: 'revise' } });
    const run = await harness.start(
      pipeline({
        stages: {
          review: { prompt: 'Review', output: { verdict: 'approve | revise' }, accept: "output.verdict == 'approve'" },
        },
      }),
    );
    const { status, view } = await run.result();
    expect(status).toBe('SYSTEM_FAILURE');
    expect(view.failure?.type).toBe('Stage.Rejected');
    expect(view.failure?.evidence).toEqual({ inline: JSON.stringify({ verdict: 'revise' }, null, 2) });
  });

  it('that name what is not there fail with the path, and the run ends instead of hanging', async () => {
    const run = await harness.start(
      pipeline({
        stages: {
          plan: { prompt: 'Plan' },
          show: { needs: 'plan', run: 'echo {{ stages.plan.output.nothing }}', workspace: 'none' },
        },
      }),
    );
    const { view } = await run.result();
    expect(view.failure?.type).toBe('Expression.Failed');
    expect(view.failure?.message).toContain('nothing');
  });
});
