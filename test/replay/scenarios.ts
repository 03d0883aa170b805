import {
  approveSignal,
  approveUpdate,
  cancelUpdate,
  pauseUpdate,
  rejectUpdate,
  unpauseUpdate,
} from '../../contracts/messages';
import { FakeHost } from '../support/fake-host';
import { pipeline } from '../support/pipelines';
import type { RunHandle, RunHarness } from '../support/run-harness';

/** One kept history: what the host answers and what people do. Adding one is safe, changing one is not. */
export interface Scenario {
  readonly name: string;
  readonly host: () => FakeHost;
  readonly play: (harness: RunHarness) => Promise<RunHandle>;
}

const who = 'tester';

export const SCENARIOS: readonly Scenario[] = [
  {
    name: 'every-kind-of-stage',
    host: () => new FakeHost().on('plan', { output: { title: 'keys' }, costUsd: 0.01 }),
    play: async (harness) => {
      const run = await harness.start(
        pipeline({
          ports: ['web'],
          stages: {
            plan: { prompt: 'Plan', output: { title: 'string' } },
            implement: { needs: 'plan', agent: 'coder', prompt: 'Do {{ stages.plan.output.title }}' },
            test: { needs: 'implement', run: 'npm test', undo: 'undo test' },
            approve: { needs: 'test', gate: { approvers: ['lead'], deadline: '1h', remind: '10m' } },
            merge: { needs: 'approve', merge: {} },
            deploy: { needs: 'merge', service: { name: 'web', run: 'serve', port: '{{ run.ports.web }}' } },
            monitor: { needs: 'deploy', check: { http: 'http://127.0.0.1:{{ run.ports.web }}/' } },
            inner: { needs: 'monitor', pipeline: 'inner' },
          },
          pipelines: { inner: { stages: { report: { run: 'report', workspace: 'none' } } } },
        }),
      );
      await run.untilGate('approve');
      await run.workflow.executeUpdate(approveUpdate, { args: [{ gate: 'approve', who: 'lead' }] });
      await run.result();
      return run;
    },
  },
  {
    name: 'fix-loop-with-parallel-agents',
    host: () =>
      new FakeHost()
        .on('test', (times) => ({ exitCode: times === 1 ? 1 : 0 }))
        .on('flaky[a]', (times) => ({ exitCode: times === 1 ? 1 : 0 })),
    play: async (harness) => {
      const run = await harness.start(
        pipeline({
          stages: {
            backend: { agent: 'coder', prompt: 'b' },
            frontend: { agent: 'coder', prompt: 'f' },
            flaky: {
              matrix: { of: ['a', 'b'] },
              run: 'x {{ matrix.of }}',
              retry: { attempts: 2, delay: '10ms' },
              workspace: 'none',
            },
            test: {
              needs: ['backend', 'frontend', 'flaky'],
              run: 'npm test',
              'on-failure': { fix: 'backend', attempts: 2 },
            },
          },
        }),
      );
      await run.result();
      return run;
    },
  },
  {
    name: 'rejected-paused-and-cancelled',
    host: () => new FakeHost().on('slow', { until: new Promise<void>(() => undefined) }),
    play: async (harness) => {
      const run = await harness.start(
        pipeline({
          stages: {
            build: { run: 'build', undo: 'undo build' },
            approve: { needs: 'build', gate: {}, 'on-failure': 'continue' },
            slow: { needs: 'approve', run: 'slow', undo: 'undo slow' },
          },
        }),
      );
      await run.untilGate('approve');
      await run.workflow.executeUpdate(pauseUpdate, { args: [{ who }] });
      await run.workflow.executeUpdate(rejectUpdate, { args: [{ gate: 'approve', who }] });
      await run.workflow.executeUpdate(unpauseUpdate, { args: [{ who }] });
      await run.until((view) => view.stages.some((stage) => stage.key === 'slow' && stage.status === 'running'));
      await run.workflow.executeUpdate(cancelUpdate, { args: [{ who }] });
      await run.result();
      return run;
    },
  },
  {
    name: 'another-worker-took-over',
    host: () => new FakeHost(),
    play: async (harness) => {
      const run = await harness.start(
        pipeline({
          stages: {
            before: { run: 'before' },
            approve: { needs: 'before', gate: { approvers: ['lead', 'qa'], min: 2 } },
            after: { needs: 'approve', run: 'after' },
          },
        }),
      );
      await run.untilGate('approve');
      await run.workflow.executeUpdate(approveUpdate, { args: [{ gate: 'approve', who: 'lead' }] });
      await harness.stopWorkers();
      await run.workflow.signal(approveSignal, { gate: 'approve', who: 'qa' });
      await harness.startWorkers();
      await run.result();
      return run;
    },
  },
  {
    name: 'continued-as-new',
    host: () => new FakeHost().on('test', (times) => ({ exitCode: times <= 6 ? 1 : 0 })),
    play: async (harness) => {
      const run = await harness.start(
        pipeline({
          stages: {
            implement: { agent: 'coder', prompt: 'x' },
            test: { needs: 'implement', run: 'npm test', 'on-failure': { fix: 'implement', attempts: 6 } },
          },
        }),
        { limits: { historyEvents: 40 } },
      );
      await run.result();
      return run;
    },
  },
];
