import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { AgentBench, quietEnvironment } from '../support/agent-bench';
import { DUMMY_KEY, type RealAgent } from '../support/real-agents/agent-home';
import { AgentHost, type Backend } from '../support/real-agents/agent-host';
import { USAGE, type Script, type Turn } from '../support/real-agents/scripted-api';
import { waitUntil } from '../support/wait-until';

// The programs people have, whole, with the network's other end replaced: what their flags do, what they print, and
// what they leave behind is theirs.

const IDENTITY = '-c user.name=Agent -c user.email=agent@example.com';
const COMMIT = { run: `echo new > new.txt && git add new.txt && git ${IDENTITY} commit -qm "Add new.txt"` };
const DONE: Turn = { say: 'I added new.txt.' };
const commits: Script = ({ toolResults }) => (toolResults.length === 0 ? COMMIT : DONE);
// A tool that never ends; what it holds open outlives an agent that is killed.
const lingers: Script = () => ({ run: 'touch started; tail -f /dev/null' });

let host: AgentHost;
afterEach(() => host.close());
afterAll(() => AgentBench.removeCompiled());

describe.each<[RealAgent, Backend]>([
  ['claude', 'tmux'],
  ['codex', 'tmux'],
  ['claude', 'headless'],
  ['codex', 'headless'],
])('%s, %s,', (name, backend) => {
  it('takes one prompt, commits, and says what that cost', async () => {
    host = await AgentHost.create(name, backend, commits);
    const result = await host.bench.dispatch(host.agent, host.input());
    expect(result).toMatchObject({
      backend,
      commits: 1,
      contract: '1 commit · contract met',
      message: { inline: 'I added new.txt.' },
      inputTokens: 2 * USAGE.input,
      outputTokens: 2 * USAGE.output,
    });
    expect(host.home.deliveries()).toBe(1);
    // A terminal is given one line that names the file with the prompt.
    const typed = backend === 'tmux' ? '/prompt.md' : host.input().prompt;
    expect(host.home.api.seen[0]!.texts).toContainEqual(expect.stringContaining(typed));
    expect(new Set(host.home.api.seen.map(({ key }) => key))).toEqual(new Set([DUMMY_KEY]));
    expect(host.home.processes()).toEqual([]);
  });

  it('that finishes without the commit has not met its contract', async () => {
    host = await AgentHost.create(name, backend, () => DONE);
    const dispatching = host.bench.dispatch(host.agent, host.input());
    await expect(dispatching).rejects.toMatchObject({ type: 'Agent.ContractNotMet' });
  });

  it.each([
    [429, 'rate_limit_error', 'Slow down.', 'Provider.RateLimited'],
    [401, 'authentication_error', 'invalid x-api-key', 'Provider.Auth'],
    [404, 'not_found_error', 'model: scripted', 'Provider.NotFound'],
    [400, 'invalid_request_error', 'Nothing that a model could do.', 'Provider.Request'],
  ])('whose model answers %i fails as such', async (refuse, type, message, expected) => {
    host = await AgentHost.create(name, backend, () => ({ refuse, type, message }));
    await expect(host.bench.dispatch(host.agent, host.input())).rejects.toMatchObject({ type: expected });
    expect(host.home.processes()).toEqual([]);
  });

  it('without a key fails as such', async () => {
    host = await AgentHost.create(name, backend, commits, { keys: {} });
    await expect(host.bench.dispatch(host.agent, host.input())).rejects.toMatchObject({ type: 'Provider.Auth' });
    expect(host.home.api.seen).toEqual([]);
  });

  it('that is killed at work has crashed, and its tools are stopped', async () => {
    host = await AgentHost.create(name, backend, lingers);
    const dispatching = host.bench.dispatch(host.agent, host.input());
    dispatching.catch(() => undefined);
    await waitUntil(() => existsSync(join(host.home.worktree, 'started')));
    for (const pid of host.home.agentProcesses()) process.kill(pid, 'SIGKILL');
    await expect(dispatching).rejects.toMatchObject({ type: 'Agent.Crashed' });
    expect(host.home.processes()).toEqual([]);
  });

  it('that is cancelled at work leaves no process', async () => {
    host = await AgentHost.create(name, backend, lingers);
    const environment = quietEnvironment();
    const dispatching = host.bench.dispatch(host.agent, host.input(), environment);
    dispatching.catch(() => undefined);
    await waitUntil(() => existsSync(join(host.home.worktree, 'started')));
    environment.cancel('CANCELLED');
    await expect(dispatching).rejects.toThrow('CANCELLED');
    expect(host.home.processes()).toEqual([]);
  });

  it('goes on while its worker is dead, and is found by the next one', async () => {
    let answer = (): void => undefined;
    const held = new Promise<void>((resolve) => (answer = resolve));
    host = await AgentHost.create(name, backend, async (asked) => {
      await held;
      return commits(asked);
    });
    const worker = host.bench.spawnDispatch(host.agent, host.input());
    await waitUntil(() => host.home.deliveries() === 1);
    worker.kill('SIGKILL');
    await waitUntil(() => worker.signalCode !== null);
    answer();
    await waitUntil(() => host.home.lastCommit() === 'Add new.txt');

    expect(await host.bench.dispatch(host.agent, host.input())).toMatchObject({ commits: 1 });
    expect(host.home.deliveries()).toBe(1);
    expect(host.home.processes()).toEqual([]);
  });
});

it('codex with the key of other OpenAI programs only is told which one it takes', async () => {
  const script: Script = () => ({ refuse: 401, type: 'authentication_error', message: 'no key' });
  host = await AgentHost.create('codex', 'headless', script, { keys: { OPENAI_API_KEY: DUMMY_KEY }, login: true });
  await expect(host.bench.dispatch(host.agent, host.input())).rejects.toMatchObject({
    type: 'Provider.Auth',
    message: expect.stringContaining('CODEX_API_KEY') as unknown,
  });
  expect(host.home.api.seen.every(({ key }) => key === '')).toBe(true);
});

it('claude is not done while something of it runs in the background', async () => {
  const later = `while ! test -e go; do perl -e 'select undef, undef, undef, 0.1'; done; rm go; ${COMMIT.run}`;
  const texts = ['Wait for it.', 'I added new.txt.'];
  host = await AgentHost.create('claude', 'headless', ({ toolResults }) =>
    toolResults.length === 0 ? { run: later, background: true } : { say: texts.shift() ?? 'More?' },
  );
  const dispatching = host.bench.dispatch(host.agent, host.input());
  dispatching.catch(() => undefined);
  await waitUntil(() => host.home.deliveries() === 1 && host.turn().doing === '1 running in the background');
  writeFileSync(join(host.home.worktree, 'go'), '');
  expect(await dispatching).toMatchObject({
    commits: 1,
    message: { inline: 'I added new.txt.' },
    inputTokens: 3 * USAGE.input,
  });
  expect(host.home.processes()).toEqual([]);
});
