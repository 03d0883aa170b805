import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { AgentBench } from '../../../support/agent-bench';
import { waitUntil } from '../../../support/wait-until';

// The process that runs the activity is killed with SIGKILL, by itself, at the moment it has put a receipt on disk.
// Then another one runs the same activity again, as a worker does after a crash.

let bench: AgentBench;
beforeEach(() => {
  bench = new AgentBench();
});
afterEach(() => bench.close());
afterAll(() => AgentBench.removeCompiled());

const MOMENTS = ['claimed', 'paste', 'pasted', 'enter', 'submitted', 'accepted', 'finished'];

describe.each(MOMENTS)('the worker is killed at "%s"', (moment) => {
  it.each([
    ['short', 'Add a memory key.'],
    ['long', 'Add a memory key. '.repeat(300)],
  ])('and the %s prompt is taken exactly once, whole', async (_, prompt) => {
    const agent = bench.agent(['--commits', '1']);
    const input = bench.input({ prompt });
    const killed = await bench.dispatchInChild(agent, input, moment);
    expect(killed).toMatchObject({ signal: 'SIGKILL' });

    const result = await bench.dispatch(agent, input);
    expect(result).toMatchObject({ commits: 1 });
    expect(bench.prompts()).toEqual([expect.objectContaining({ bytes: expect.any(Number) as unknown })]);
    if (prompt.length < 800) expect(bench.prompts()[0]!.prompt).toBe(prompt);
    expect(bench.log().filter((entry) => entry.what === 'started')).toHaveLength(1);
    expect(bench.survivors()).toEqual([]);
  });
});

describe.each(['claimed', 'pasted', 'accepted', 'finished'])(
  'the worker of a headless agent is killed at "%s"',
  (moment) => {
    it('and the agent runs once', async () => {
      const agent = bench.agent(['--print', '--commits', '1'], { backend: 'headless' });
      const killed = await bench.dispatchInChild(agent, bench.input(), moment);
      expect(killed).toMatchObject({ signal: 'SIGKILL' });

      expect(await bench.dispatch(agent, bench.input())).toMatchObject({ commits: 1, backend: 'headless' });
      expect(bench.prompts()).toHaveLength(1);
      expect(bench.survivors()).toEqual([]);
    });
  },
);

it('an agent that takes its time to accept is not asked twice after a crash', async () => {
  const agent = bench.agent(['--accept-after', '3000']);
  await bench.dispatchInChild(agent, bench.input(), 'submitted');
  await bench.dispatch(agent, bench.input());
  expect(bench.prompts()).toHaveLength(1);
});

it('crash after crash, at every moment in turn, still delivers once', async () => {
  const agent = bench.agent(['--work-ms', '500']);
  for (const moment of MOMENTS) await bench.dispatchInChild(agent, bench.input(), moment);
  await bench.dispatch(agent, bench.input());
  expect(bench.prompts()).toHaveLength(1);
});

it('what an agent did while no worker lived is found', async () => {
  const agent = bench.agent(['--commits', '1']);
  await bench.dispatchInChild(agent, bench.input(), 'enter');
  await waitForEnter();
  const child = bench.spawnDispatch(agent, bench.input());
  await waitUntil(() => bench.log().some((entry) => entry.what === 'done'));
  child.kill('SIGKILL');
  expect(await bench.dispatch(agent, bench.input())).toMatchObject({ commits: 1 });
  expect(bench.prompts()).toHaveLength(1);
});

it('a second attempt waits while the first one lives, and then answers the same', async () => {
  const go = join(bench.root, 'go');
  const agent = bench.agent(['--wait-for', go]);
  const first = bench.dispatchInChild(agent, bench.input());
  await waitUntil(() => bench.prompts().length === 1);
  const second = bench.dispatch(agent, bench.input());
  writeFileSync(go, '');
  const { output } = await first;
  expect(JSON.parse(output)).toEqual(await second);
  expect(bench.prompts()).toHaveLength(1);
});

it('an agent that died while no worker lived has crashed, and its children are stopped', async () => {
  const agent = bench.agent(['--children', '--work-ms', '300', '--crash']);
  await bench.dispatchInChild(agent, bench.input(), 'accepted');
  const { pid } = bench.log().find((entry) => entry.what === 'started')!;
  await waitUntil(() => !bench.survivors().includes(pid!));
  expect(bench.survivors()).not.toEqual([]);
  await expect(bench.dispatch(agent, bench.input())).rejects.toMatchObject({ type: 'Agent.Crashed' });
  expect(bench.survivors()).toEqual([]);
});

it('a text the agent lost before Enter was pressed is typed again by the next attempt', async () => {
  const agent = bench.agent(['--swallow-pastes', '1']);
  await bench.dispatchInChild(agent, bench.input(), 'paste');
  await bench.dispatch(agent, bench.input());
  expect(bench.prompts().map((entry) => entry.prompt)).toEqual([bench.input().prompt]);
});

async function waitForEnter(): Promise<void> {
  await waitUntil(() => bench.receipts().includes('enter'));
}
