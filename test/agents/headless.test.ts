import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { AgentHome, type RealAgent } from '../support/real-agents/agent-home';
import { AgentRun, type RunOptions } from '../support/real-agents/agent-run';
import { runHeadless } from '../support/real-agents/run-headless';
import { USAGE, type Script } from '../support/real-agents/scripted-api';
import { waitUntil } from '../support/wait-until';

const WORKS = 'Add a file to this repository.\nCall it new.txt.';
const works: Script = ({ toolResults }) =>
  toolResults.length === 0 ? { run: 'echo new > new.txt' } : { say: 'I added new.txt.' };

let home: AgentHome;
afterEach(() => home.close());

const open = (options: Partial<RunOptions> = {}) => new AgentRun(home, { backend: 'headless', ...options });
const isThere = (name: string) => existsSync(join(home.worktree, name));

describe.each<RealAgent>(['claude', 'codex'])('%s without a terminal', (name) => {
  it('takes a prompt, works, and says when it is done and what that cost', async () => {
    home = await AgentHome.create(name, works);
    const state = await runHeadless(open(), WORKS);
    expect(state).toMatchObject({
      phase: 'finished',
      acceptances: 1,
      message: 'I added new.txt.',
      agentSession: expect.stringMatching(/^[0-9a-f-]{36}$/) as unknown,
      usage: { inputTokens: 2 * USAGE.input, outputTokens: 2 * USAGE.output },
    });
    expect(isThere('new.txt')).toBe(true);
    expect(home.deliveries()).toBe(1);
    expect(home.api.seen.at(-1)!.texts.join('\n')).toContain(WORKS);
  });

  it.each([
    [429, 'rate_limit_error', 'Slow down.', 'Provider.RateLimited'],
    [401, 'authentication_error', 'invalid x-api-key', 'Provider.Auth'],
  ])('whose model answers %i says that its turn failed, and why', async (refuse, type, message, expected) => {
    home = await AgentHome.create(name, () => ({ refuse, type, message }));
    const run = open();
    const { phase, failure } = await runHeadless(run, WORKS);
    expect(phase).toBe('failed');
    expect(run.kind.classifyFailure(failure!, Date.now())).toMatchObject({ type: expected });
  });

  it('goes on in its conversation, in another process', async () => {
    home = await AgentHome.create(name, works);
    const { agentSession } = await runHeadless(open(), WORKS);
    home.api.play(() => ({ say: 'I went on.' }));
    const second = open({ resume: agentSession! });
    const state = await runHeadless(second, 'Go on.');
    expect(state).toMatchObject({ phase: 'finished', message: 'I went on.', agentSession, acceptances: 1 });
    expect(home.api.seen.at(-1)!.texts.join('\n')).toContain(WORKS);
  });
});

describe('claude without a terminal that may not do all by itself', () => {
  const asks: Script = ({ toolResults }) => (toolResults.length === 0 ? { run: 'touch allowed.txt' } : { say: 'done' });

  it.each([
    [true, 'does it when people allow it'],
    [false, 'does not do it when people say no'],
  ])('allow: %s: %s', async (allow) => {
    home = await AgentHome.create('claude', asks);
    const run = open({ config: { permissions: 'ask' } });
    const running = runHeadless(run, WORKS);
    const ask = await waitUntil(() => run.state().ask);
    expect(ask).toMatchObject({ kind: 'permission', what: 'Bash: touch allowed.txt' });
    run.answer(ask!.id, { allow });
    expect(await running).toMatchObject({ phase: 'finished', acceptances: 1, message: 'done' });
    expect(isThere('allowed.txt')).toBe(allow);
  });
});
