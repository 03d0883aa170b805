import {
  approveSignal,
  approveUpdate,
  cancelUpdate,
  pauseUpdate,
  priorityUpdate,
  rejectUpdate,
  unpauseUpdate,
} from '../../contracts/messages';
import type { ModelFailure } from '../../contracts/models';
import type { Conversation } from '../../contracts/sessions';
import { FakeHost } from '../support/fake-host';
import { pipeline } from '../support/pipelines';
import type { RunHandle, RunHarness } from '../support/run-harness';
import { waitUntil } from '../support/wait-until';

/** One kept history: what the host answers and what people do. Adding one is safe, changing one is not. */
export interface Scenario {
  readonly name: string;
  readonly host: () => FakeHost;
  readonly play: (harness: RunHarness) => Promise<RunHandle>;
}

const who = 'tester';
const TALK: Conversation = { id: 'talk-1', agent: 'claude', host: 'host-a', session: 'claude-1' };

const CANDIDATE = { provider: 'a', model: 'one' };
const SLICE = { id: 'slice-1', grantedNano: 250_000_000, spentNano: 10_000_000 };

function triedAndFailed(): ModelFailure {
  const trial = {
    ...CANDIDATE,
    failures: 1,
    lastType: 'Provider.ServerError',
    message: 'broke',
    final: false,
  } as const;
  return {
    trial,
    goesOn: true,
    next: CANDIDATE,
    by: 'chain',
    reasons: ['first'],
    rejected: [],
    findings: [],
    slice: SLICE,
  };
}

function nobodyUntil(retryAt: number): ModelFailure {
  const rejected = [{ ...CANDIDATE, kind: 'breaker', reason: 'open', retryAt }] as const;
  return { goesOn: true, retryAt, rejected, findings: [] };
}

/** Keep the one session of a pool busy; gives what frees it. */
async function busy(harness: RunHarness, pool: string): Promise<() => void> {
  let free!: () => void;
  harness.host.on(`${pool}-busy`, { until: new Promise<void>((resolve) => (free = resolve)) });
  const stage = { agent: pool, prompt: 'x', workspace: 'none' };
  await harness.start(pipeline({ stages: { [`${pool}-busy`]: stage } }));
  await waitUntil(() => harness.host.count(`agent ${pool}-busy`) === 1);
  return free;
}

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
    name: 'queued-asked-and-resumed',
    host: () =>
      new FakeHost()
        .serves({ name: 'host-a', pools: { codex: 1, claude: 1 } })
        .on('work', (times) =>
          times === 1 ? { fail: { type: 'Agent.Crashed', details: { conversation: TALK } } } : {},
        )
        .on('test', (times) => ({ exitCode: times === 1 ? 1 : 0 })),
    play: async (harness) => {
      const { host } = harness;
      host.closed = [{ pool: 'codex', why: 'usage limit' }];
      const [freeCodex, freeClaude] = [await busy(harness, 'codex'), await busy(harness, 'claude')];
      const run = await harness.start(
        pipeline({
          stages: {
            work: {
              agent: 'codex',
              chain: 'claude',
              wait: '1h',
              prompt: 'x',
              conversation: 'keep',
              retry: { delay: '10ms' },
            },
            test: { needs: 'work', run: 'npm test', 'on-failure': { fix: 'work', attempts: 1 } },
          },
        }),
        { limits: { closedLookMs: 100, agingMs: 1_000 } },
      );
      await run.until((view) => view.stages[0]?.waitsIn?.length === 2);
      await run.workflow.executeUpdate(pauseUpdate, { args: [{ who }] });
      await run.until((view) => view.stages[0]?.waitsIn?.length === 0);
      await run.workflow.executeUpdate(unpauseUpdate, { args: [{ who }] });
      await run.workflow.executeUpdate(priorityUpdate, { args: [{ who, priority: 8 }] });
      freeClaude();
      await run.until((view) => view.stages[0]?.attempt === 2);
      host.asking('work', [{ id: 'q1', kind: 'permission', what: 'Bash: ls' }]);
      await run.untilGate('work');
      await run.workflow.executeUpdate(approveUpdate, { args: [{ gate: 'work', who }] });
      await run.until((view) => view.stages[0]?.turn === 2);
      await run.untilGate('work');
      await run.workflow.executeUpdate(rejectUpdate, { args: [{ gate: 'work', who, comment: 'no' }] });
      await run.result();
      freeCodex();
      return run;
    },
  },
  {
    name: 'host-lost-and-attempts-granted',
    host: () =>
      new FakeHost()
        .serves({ name: 'host-a', pools: { codex: 1 } }, { name: 'host-b', pools: { claude: 1 }, home: '/home-b' })
        .on('work', (times) => {
          if (times === 1) return { until: new Promise<void>(() => undefined) };
          return times === 2 ? { fail: { type: 'Agent.NotReady' } } : {};
        }),
    play: async (harness) => {
      const run = await harness.start(
        pipeline({
          stages: {
            work: { agent: 'codex', chain: 'claude', wait: '1s', prompt: 'x', retry: { attempts: 2, delay: '10ms' } },
          },
        }),
        { limits: { hostGoneMs: 1_000 } },
      );
      await run.until(() => harness.host.count('agent work') === 1);
      await harness.losePower(harness.host.sessionHost);
      await run.untilGate('work');
      await run.workflow.executeUpdate(approveUpdate, { args: [{ gate: 'work', who }] });
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
    name: 'asked-waited-and-settled',
    host: () =>
      new FakeHost().on('work', { costUsd: 0.1 }).on('plan', (times) => {
        if (times === 1) return { fail: { type: 'Provider.ServerError', details: triedAndFailed() } };
        if (times === 2) return { fail: { type: 'Provider.Unavailable', details: nobodyUntil(Date.now() + 1_500) } };
        return { output: { title: 'keys' }, costUsd: 0.01, slice: SLICE };
      }),
    play: async (harness) => {
      const run = await harness.start(
        pipeline({
          budget: 5,
          stages: {
            work: { agent: 'coder', prompt: 'x' },
            plan: { needs: 'work', prompt: 'Plan', output: { title: 'string' }, retry: { attempts: 3, delay: '10ms' } },
            broke: { needs: 'plan', prompt: 'More', when: 'true' },
          },
        }),
      );
      await run.result();
      return run;
    },
  },
  {
    name: 'out-of-budget-and-cancelled-calls',
    host: () =>
      new FakeHost()
        .on('slow', { until: new Promise<void>(() => undefined) })
        .on('dear', { fail: { type: 'Budget.Exhausted', details: { goesOn: false, rejected: [], findings: [] } } }),
    play: async (harness) => {
      const run = await harness.start(
        pipeline({ stages: { slow: { prompt: 'x', timeout: '5m' }, dear: { prompt: 'y' } } }),
      );
      await run.until((view) => view.stages.some(({ key, status }) => key === 'dear' && status === 'failed'));
      await run.workflow.executeUpdate(cancelUpdate, { args: [{ who }] });
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
