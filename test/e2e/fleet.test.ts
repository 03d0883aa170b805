import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Client } from '@temporalio/client';
import { SESSION_HOST, approveUpdate, hostWorkflowId } from '../../contracts/messages';
import type { PipelineDefinition } from '../../contracts/definition';
import type { HostView } from '../../contracts/sessions';
import { LiveFleet } from '../support/live-fleet';
import { pipeline } from '../support/pipelines';
import type { RunHandle } from '../support/run-harness';
import { waitUntil } from '../support/wait-until';

jest.setTimeout(240_000);

let fleet: LiveFleet;
beforeEach(async () => {
  fleet = await LiveFleet.start();
});
afterEach(() => fleet.stop());

const one = (prompt: string, more: Record<string, unknown> = {}): PipelineDefinition =>
  pipeline({ stages: { prompt: { agent: 'codex', prompt, workspace: 'none', ...more } } });

function pool(name: string, min: number, max = min) {
  return { pool: name, agent: name, min, max };
}

/** What agents were told, in the order they took it: their own word. */
function told(): string[] {
  return (fleet.system.agentEntries('prompt') as { prompt?: string }[]).map(({ prompt = '' }) => prompt);
}

async function ends(runs: readonly RunHandle[]): Promise<string[]> {
  return Promise.all(runs.map(async (run) => (await run.result()).status));
}

const quick = ['--commits', '0'];

it('fifty prompts wait while every session is busy, go in order of their priority, overflow, and none is lost', async () => {
  const { system } = fleet;
  const agents = { codex: system.agent(quick), claude: system.agent(quick) };
  await fleet.startHost('h', { pools: [pool('codex', 3), pool('claude', 1)], agents });
  const holders = ['codex', 'codex', 'codex', 'claude'].map((agent, n) => system.run(one(`holder ${n}`, { agent })));
  const holding = await Promise.all(holders);
  await waitUntil(() => told().length === 4, { timeoutMs: 60_000 });

  const order: number[] = [];
  const runs: RunHandle[] = [];
  for (let n = 0; n < 50; n += 1) {
    const priority = 1 + ((n * 7) % 8); // no critical ones: those have sessions of their own
    order.push(priority);
    const overflows = n % 5 === 0;
    const chain = overflows ? { chain: ['claude'], wait: '1s' } : {};
    runs.push(await system.run(one(`waits ${n} at ${priority}`, chain), { priority }));
  }
  // Each caller is told where it waits.
  const waiting = await Promise.all(runs.map(async (run) => (await run.view()).stages[0]!.waitsIn ?? []));
  expect(waiting.every((places) => places.some((place) => place.pool === 'codex'))).toBe(true);
  await waitUntil(async () => {
    const places = await Promise.all(runs.map(async (run) => (await run.view()).stages[0]!.waitsIn ?? []));
    return places.filter((now) => now.some((place) => place.pool === 'claude')).length === 10;
  });
  expect(told()).toHaveLength(4);

  writeFileSync(system.mayFinish, '');
  expect(await ends([...holding, ...runs])).toEqual(Array(54).fill('SUCCESS'));
  const prompts = told().slice(4);
  expect(new Set(prompts).size).toBe(50);
  expect(prompts).toHaveLength(50);
  // Within the pool that all wait in, nobody is overtaken by less urgent work: three sessions take it side by side.
  const codexOnly = prompts.filter((text) => Number(/waits (\d+)/.exec(text)![1]) % 5 !== 0);
  const priorities = codexOnly.map((text) => Number(/at (\d+)/.exec(text)![1]));
  const overtaken = priorities.filter((priority, n) => priorities.slice(n + 3).some((later) => later > priority));
  expect(overtaken).toEqual([]);
});

describe('a prompt at work finishes by itself after', () => {
  it('the host died and came back, without being sent again', async () => {
    const { system } = fleet;
    await fleet.startHost('h', { pools: [pool('codex', 0, 1)], agents: { codex: system.agent(quick) } });
    const run = await system.run(one('work'));
    await waitUntil(() => told().length === 1, { timeoutMs: 60_000 });
    await fleet.killHost('h');
    await fleet.startAgain('h');
    writeFileSync(system.mayFinish, '');
    expect(await ends([run])).toEqual(['SUCCESS']);
    expect(told()).toHaveLength(1);
  });

  it('the machine of the host is gone for good: another one takes it, as a recorded second attempt', async () => {
    const { system } = fleet;
    const options = { pools: [pool('codex', 0, 1)], agents: { codex: system.agent(quick) }, apart: true };
    await fleet.startHost('first', options);
    const run = await system.run(one('work', { retry: { attempts: 3, delay: '100ms' } }));
    await waitUntil(() => told().length === 1, { timeoutMs: 60_000 });
    await fleet.losePower('first');
    await fleet.startHost('second', options);
    await waitUntil(() => told().length === 2, { timeoutMs: 120_000 });
    writeFileSync(system.mayFinish, '');
    const { status, view } = await run.result();
    expect({ status, attempt: view.stages[0]!.attempt }).toEqual({ status: 'SUCCESS', attempt: 2 });
    expect((await run.audit()).map(({ what }) => what)).toContain('host.lost');
  });
});

it('a host with a home of its own works in a worktree of its own, and the run gets the commits', async () => {
  const { system } = fleet;
  await fleet.startHost('far', { pools: [pool('codex', 0, 1)], agents: { codex: system.agent([]) }, apart: true });
  writeFileSync(system.mayFinish, '');
  const run = await system.run(
    pipeline({
      stages: {
        implement: { agent: 'codex', prompt: 'Make a change', contract: { commits: '1' } },
        test: { needs: 'implement', run: 'test -f work-1.txt' },
        merge: { needs: 'test', merge: {} },
      },
    }),
  );
  const { status, view } = await run.result();
  expect(view.failure).toBeUndefined();
  expect(status).toBe('SUCCESS');
  expect(system.git('log', '--format=%s', 'main')).toContain('work 1');
  const [{ cwd }] = system.agentEntries('prompt') as unknown as [{ cwd: string }];
  expect(cwd).toContain(join(system.root, 'home-far', 'worktrees'));
  expect(system.git('for-each-ref', 'refs/gantry')).toBe('');
});

it('an agent that hits its usage limit closes its pool for all, and the next in the chain does the work', async () => {
  const { system } = fleet;
  const limited = system.agent(['--commits', '0', '--fail', 'rate_limit: resets in 2 hours']);
  const agents = { codex: limited, claude: system.agent(quick) };
  await fleet.startHost('h', { pools: [pool('codex', 0, 1), pool('claude', 0, 1)], agents });
  writeFileSync(system.mayFinish, '');
  const chain = { chain: ['claude'], wait: '10m', retry: { attempts: 3, delay: '100ms' } };
  const first = await system.run(one('first', chain));
  expect(await ends([first])).toEqual(['SUCCESS']);
  const second = await system.run(one('second', chain));
  expect(await ends([second])).toEqual(['SUCCESS']);
  expect(told()).toEqual(['first', 'first', 'second']);
});

it('a question of an agent is a gate of its run', async () => {
  const { system } = fleet;
  await fleet.startHost('h', { pools: [pool('codex', 1)], agents: { codex: system.agent([...quick, '--ask']) } });
  writeFileSync(system.mayFinish, '');
  const run = await system.run(one('build', { questions: { approvers: ['lead'] } }));
  const [gate] = (await run.untilGate('prompt')).gates;
  expect(gate!.message).toContain('rm -rf build');
  const vote = { gate: 'prompt', who: 'lead', comment: 'only that folder' };
  await run.workflow.executeUpdate(approveUpdate, { args: [vote] });
  expect(await ends([run])).toEqual(['SUCCESS']);
  const answer = { allow: true, text: expect.stringContaining('only that folder') as unknown };
  expect(system.agentEntries('answered')).toEqual([{ what: 'answered', how: answer }]);
  expect(told()).toHaveLength(1);
});

it('a host tells how its sessions stand, and goes when it is told to', async () => {
  const { system } = fleet;
  await fleet.startHost('h', { pools: [pool('codex', 2)], agents: { codex: system.agent(quick) } });
  const client = await system.client();
  const idle = (await waitUntil(async () => {
    const view = await viewOf(client, 'h');
    return view?.sessions.every(({ state }) => state === 'idle') === true ? view : undefined;
  }))!;
  expect(idle.sessions.map(({ name }) => name)).toEqual(['codex-1', 'codex-2']);
  expect(idle.sessions[0]!.attach).toContain('attach -t =h-codex-1');
  const handle = client.workflow.getHandle(hostWorkflowId('h'));
  expect((await handle.describe()).type).toBe(SESSION_HOST);
  await fleet.killHost('h', 'SIGTERM');
  await handle.result();
  expect(readFileSync(join(system.home, 'hosts', 'h', 'sessions', 'codex-1.json'), 'utf8')).toContain('codex-1');
});

async function viewOf(client: Client, host: string): Promise<HostView | undefined> {
  const { raw } = await client.workflow.getHandle(hostWorkflowId(host)).describe();
  const payload = raw.pendingActivities?.[0]?.heartbeatDetails?.payloads?.[0];
  return payload ? client.options.loadedDataConverter.payloadConverter.fromPayload<HostView>(payload) : undefined;
}
