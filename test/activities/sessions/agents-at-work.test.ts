import { endAgentsIn } from '../../../activities/sessions/agents-at-work';
import { AgentBench } from '../../support/agent-bench';
import { waitUntil } from '../../support/wait-until';

let bench: AgentBench;
beforeEach(() => {
  bench = new AgentBench();
});
afterEach(() => bench.close());
afterAll(() => AgentBench.removeCompiled());

// Cancelled while no worker lived: no activity is left to stop the agent.
describe.each(['tmux', 'headless'] as const)('an agent that lost its worker (%s)', (backend) => {
  it('is ended with the directory it works in, and no other is', async () => {
    const flags = [...(backend === 'headless' ? ['--print'] : []), '--hang', '--deaf', '--children'];
    const agent = bench.agent(flags, { backend });
    const child = bench.spawnDispatch(agent, bench.input());
    await waitUntil(() => bench.log().filter((entry) => entry.what === 'child').length === 2);
    child.kill('SIGKILL');

    expect(await endAgentsIn('/another/directory', bench.ports(agent))).toEqual([]);
    expect(bench.survivors()).toHaveLength(3);
    expect(await endAgentsIn(bench.repository, bench.ports(agent))).toHaveLength(1);
    expect(bench.survivors()).toEqual([]);
  });
});

it('there is nothing to end where nothing was dispatched', async () => {
  expect(await endAgentsIn(bench.repository, bench.ports(bench.agent()))).toEqual([]);
});
