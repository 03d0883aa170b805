import { writeFileSync } from 'node:fs';
import { approveUpdate } from '../../contracts/messages';
import type { PipelineDefinition } from '../../contracts/definition';
import { isAlive } from '../../client/home';
import { LiveSystem } from '../support/live-system';
import { pipeline } from '../support/pipelines';
import { waitUntil } from '../support/wait-until';

jest.setTimeout(180_000);

// Real processes: a server on a file, a worker, tmux, an agent that works until it is told it may finish.
describe('a run survives', () => {
  let system: LiveSystem;
  beforeEach(async () => {
    system = await LiveSystem.start();
  });
  afterEach(() => system.stop());

  const delivery = (): PipelineDefinition =>
    pipeline({
      ports: ['web'],
      stages: {
        before: { run: 'echo before >> "$MARKS"', env: { MARKS: system.marks } },
        implement: {
          needs: 'before',
          agent: 'coder',
          prompt: 'Make a change',
          contract: { commits: '1' },
          retry: { attempts: 3, delay: '100ms' },
        },
        test: { needs: 'implement', run: 'test -f work-1.txt && echo test >> "$MARKS"', env: { MARKS: system.marks } },
        approve: { needs: 'test', gate: { approvers: ['lead'] } },
        merge: { needs: 'approve', merge: {} },
        deploy: {
          needs: 'merge',
          service: { name: 'web', run: 'node server.mjs', port: '{{ run.ports.web }}' },
          check: { http: 'http://127.0.0.1:{{ run.ports.web }}/', contains: 'it serves' },
        },
      },
    });

  async function atWork() {
    const run = await system.run(delivery());
    await waitUntil(() => system.agentEntries('prompt').length > 0, {
      timeoutMs: 60_000,
    });
    return { run, agentPid: system.agentEntries('started')[0]!.pid! };
  }

  type AtWork = Awaited<ReturnType<typeof atWork>>;

  async function finishes({ run }: AtWork): Promise<void> {
    writeFileSync(system.mayFinish, '');
    await run.untilGate('approve');
    await run.workflow.executeUpdate(approveUpdate, { args: [{ gate: 'approve', who: 'lead' }] });
    const { status, view } = await run.result();
    expect(view.failure).toBeUndefined();
    expect(status).toBe('SUCCESS');
    expect(system.marksMade()).toEqual(['before', 'test']);
    expect(system.git('log', '--oneline', 'main').split('\n')).toHaveLength(3);
  }

  it.each(['SIGKILL', 'SIGTERM'] as const)('%s of the worker while an agent works', async (signal) => {
    const at = await atWork();
    await system.endWorker(signal);
    await system.startWorker();
    await finishes(at);
    expect(system.agentEntries('prompt')).toHaveLength(1);
  });

  it.each(['SIGKILL', 'SIGTERM'] as const)('%s of the server while an agent works', async (signal) => {
    const at = await atWork();
    process.kill(system.server.pid, signal);
    await system.server.ended;
    system.server = await system.server.again();
    await finishes(at);
    expect(system.agentEntries('prompt')).toHaveLength(1);
  });

  it.each(['SIGKILL', 'SIGTERM'] as const)('%s of the agent, with a recorded second attempt', async (signal) => {
    const at = await atWork();
    process.kill(at.agentPid, signal);
    await finishes(at);
    const prompts = system.agentEntries('prompt').map((entry) => entry.dispatch);
    expect(prompts).toHaveLength(2);
    expect(new Set(prompts).size).toBe(2);
    expect((await at.run.audit()).filter((entry) => entry.what === 'stage.retried')).toHaveLength(1);
  });

  it.each(['SIGKILL', 'SIGTERM'] as const)('%s of the tmux server, with a recorded second attempt', async (signal) => {
    const at = await atWork();
    process.kill(system.tmuxServerPid(), signal);
    // It dies with its terminal, or is made to: no agent works on where nobody can reach it.
    await waitUntil(() => !isAlive(at.agentPid));
    await finishes(at);
    const prompts = system.agentEntries('prompt').map((entry) => entry.dispatch);
    expect(new Set(prompts).size).toBe(2);
    expect(prompts).toHaveLength(2);
  });

  it('SIGKILL of worker and server while a gate is open', async () => {
    const at = await atWork();
    writeFileSync(system.mayFinish, '');
    await at.run.untilGate('approve');
    await Promise.all([system.endWorker('SIGKILL'), system.server.kill()]);
    system.server = await system.server.again();
    await system.startWorker();
    await finishes(at);
    expect(system.agentEntries('prompt')).toHaveLength(1);
  });

  it('SIGKILL of the worker while a command runs, which is not run again', async () => {
    const command = 'echo begun >> "$MARKS"; while [ ! -f "$GO" ]; do sleep 0.1; done; echo ended >> "$MARKS"';
    const run = await system.run(
      pipeline({ stages: { slow: { run: command, env: { MARKS: system.marks, GO: system.mayFinish } } } }),
    );
    await waitUntil(() => system.marksMade().length === 1);
    await system.endWorker('SIGKILL');
    await system.startWorker();
    writeFileSync(system.mayFinish, '');
    expect((await run.result()).status).toBe('SUCCESS');
    expect(system.marksMade()).toEqual(['begun', 'ended']);
  });
});
