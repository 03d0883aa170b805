import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { AgentHome, type RealAgent } from '../support/real-agents/agent-home';
import { AgentRun, type RunOptions } from '../support/real-agents/agent-run';
import { AgentTerminal } from '../support/real-agents/agent-terminal';
import { USAGE, type Script } from '../support/real-agents/scripted-api';
import { waitUntil } from '../support/wait-until';

// What the adapters rely on: the programs' flags, hooks, logs and screens, as they are.

const WORKS = 'Add a file to this repository.';
const works: Script = ({ toolResults }) =>
  toolResults.length === 0 ? { run: 'echo new > new.txt' } : { say: 'I added new.txt.' };

let home: AgentHome;
let terminals: AgentTerminal[] = [];
afterEach(() => {
  for (const terminal of terminals) terminal.close();
  terminals = [];
  home.close();
});

function open(options: Partial<RunOptions> = {}): AgentTerminal {
  const terminal = new AgentTerminal(new AgentRun(home, { backend: 'tmux', ...options }));
  terminals.push(terminal);
  return terminal;
}

const isThere = (name: string) => existsSync(join(home.worktree, name));

describe.each<RealAgent>(['claude', 'codex'])('%s in a terminal', (name) => {
  it('starts without a dialog, takes a prompt, works, and says when it is done and what that cost', async () => {
    home = await AgentHome.create(name, works);
    const terminal = open();
    await terminal.send(WORKS);
    const { run } = terminal;
    await waitUntil(() => run.isOver());
    await waitUntil(() => run.state().usage?.inputTokens === 2 * USAGE.input);
    expect(run.state()).toMatchObject({
      phase: 'finished',
      acceptances: 1,
      message: 'I added new.txt.',
      agentSession: expect.stringMatching(/^[0-9a-f-]{36}$/) as unknown,
      usage: { inputTokens: 2 * USAGE.input, outputTokens: 2 * USAGE.output },
    });
    if (run.launch.conversation !== undefined) expect(run.state().agentSession).toBe(run.launch.conversation);
    expect(isThere('new.txt')).toBe(true);
    expect(home.deliveries()).toBe(1);
    expect(home.api.seen.at(-1)!.texts.join('\n')).toContain(WORKS);
  });

  it('takes a second prompt in the same conversation, and counts it alone', async () => {
    home = await AgentHome.create(name, ({ texts }) => ({ say: texts.at(-1)!.includes('second') ? 'two' : 'one' }));
    const terminal = open();
    await terminal.send('The first prompt.');
    await waitUntil(() => terminal.run.isOver());
    const first = terminal.run.state();
    await terminal.send('The second prompt.');
    await waitUntil(() => terminal.run.isOver());
    await waitUntil(() => terminal.run.state().usage?.inputTokens !== undefined);
    expect(terminal.run.state()).toMatchObject({
      acceptances: 1,
      message: 'two',
      agentSession: first.agentSession,
      usage: { inputTokens: USAGE.input },
    });
  });

  it('takes a text of several lines as one prompt', async () => {
    home = await AgentHome.create(name, works);
    const terminal = open();
    const prompt = 'Add a file.\nCall it new.txt.\nSay so.';
    await terminal.send(prompt);
    await waitUntil(() => terminal.run.isOver());
    expect(home.deliveries()).toBe(1);
    expect(home.api.seen.at(-1)!.texts.join('\n')).toContain(prompt);
  });

  it('reads a long task from the file that one line names', async () => {
    home = await AgentHome.create(name, ({ toolResults }) =>
      toolResults.length === 0 ? { run: `cat ${quoted('task.md')}` } : { say: 'read' },
    );
    const task = Array.from({ length: 80 }, (_, line) => `Step ${line}: do it well.`).join('\n');
    const path = join(home.root, 'task.md');
    writeFileSync(path, task);
    const terminal = open();
    await terminal.send(`Read the file ${path} and do what it says.`);
    await waitUntil(() => terminal.run.isOver());
    expect(terminal.run.state()).toMatchObject({ phase: 'finished', message: 'read' });
    expect(home.api.seen.at(-1)!.toolResults.join('')).toContain('Step 79');
  });

  it.each([
    [429, 'rate_limit_error', 'Slow down.', 'Provider.RateLimited'],
    [401, 'authentication_error', 'invalid x-api-key', 'Provider.Auth'],
  ])('whose model answers %i says that its turn failed, and why', async (refuse, type, message, expected) => {
    home = await AgentHome.create(name, () => ({ refuse, type, message }));
    const terminal = open();
    await terminal.send(WORKS);
    const { run } = terminal;
    await waitUntil(() => run.isOver(), { timeoutMs: 50_000 });
    const { phase, failure } = run.state();
    expect(phase).toBe('failed');
    expect(run.kind.classifyFailure(failure!, Date.now())).toMatchObject({ type: expected });
  });

  it('that may not do all by itself asks, and does what is allowed', async () => {
    home = await AgentHome.create(name, asks);
    const terminal = open({ config: { permissions: 'ask' } });
    await terminal.send(WORKS);
    const { run } = terminal;
    const ask = await waitUntil(() => run.state().ask);
    expect(ask).toMatchObject({ kind: 'permission', what: 'Bash: touch allowed.txt' });
    expect(isThere('allowed.txt')).toBe(false);
    run.answer(ask!.id, { allow: true });
    await waitUntil(() => run.isOver());
    expect(run.state()).toMatchObject({ phase: 'finished', message: 'done' });
    expect(run.state()).not.toHaveProperty('ask');
    expect(isThere('allowed.txt')).toBe(true);
  });

  it('that is told no does not do it, hears why, and goes on', async () => {
    home = await AgentHome.create(name, asks);
    const terminal = open({ config: { permissions: 'ask' } });
    await terminal.send(WORKS);
    const { run } = terminal;
    const ask = await waitUntil(() => run.state().ask);
    const words = 'Not on a "Friday", \\ever.';
    run.answer(ask!.id, { allow: false, text: words });
    await waitUntil(() => run.isOver());
    expect(run.state()).toMatchObject({ phase: 'finished', message: 'done' });
    expect(isThere('allowed.txt')).toBe(false);
    const bare = (text: string) => text.replace(/["\\]/g, ''); // each wraps what it tells its model in its own way
    expect(bare(home.api.seen.at(-1)!.toolResults.at(-1)!)).toContain(bare(words));
  });

  it('that gets no answer in time takes it for a no', async () => {
    home = await AgentHome.create(name, asks);
    const terminal = open({ config: { permissions: 'ask', 'answer-ms': 1_000 } });
    await terminal.send(WORKS);
    await waitUntil(() => terminal.run.isOver());
    expect(terminal.run.state()).toMatchObject({ phase: 'finished' });
    expect(isThere('allowed.txt')).toBe(false);
    expect(home.api.seen.at(-1)!.toolResults.at(-1)).toContain('Nobody answered in time.');
  });

  it('that is killed at work goes on in its conversation, in another process', async () => {
    home = await AgentHome.create(name, ({ toolResults }) =>
      toolResults.length === 0 ? { run: 'touch started; tail -f /dev/null' } : { say: 'more' },
    );
    const first = open();
    await first.send(WORKS);
    await waitUntil(() => isThere('started'));
    const { agentSession, transcript } = first.run.state();
    const conversation = agentSession!;
    // What it has not written yet nobody can go on with.
    await waitUntil(() => existsSync(transcript!) && readFileSync(transcript!, 'utf8').includes(WORKS));
    for (const pid of home.processes()) process.kill(pid, 'SIGKILL');
    await waitUntil(() => home.processes().length === 0);

    home.api.play(() => ({ say: 'I went on.' }));
    const second = open({ resume: conversation });
    await second.send('Go on.');
    await waitUntil(() => second.run.isOver());
    expect(second.run.state()).toMatchObject({
      phase: 'finished',
      message: 'I went on.',
      agentSession: conversation,
      acceptances: 1,
    });
    expect(second.run.launch.conversation).toBe(conversation);
    const { texts } = home.api.seen.at(-1)!;
    expect(texts.join('\n')).toContain(WORKS); // it remembers what it was asked before
  });

  it('that a person interrupts is not at work any more', async () => {
    home = await AgentHome.create(name, ({ toolResults }) =>
      toolResults.length === 0 ? { run: 'touch started; tail -f /dev/null' } : { say: 'more' },
    );
    const terminal = open();
    await terminal.send(WORKS);
    await waitUntil(() => isThere('started'));
    terminal.press('Escape');
    const { run } = terminal;
    // Codex says so; Claude Code only writes it into the file of its process.
    if (name === 'codex') await waitUntil(() => run.state().failure?.reason === 'interrupted');
    else await waitUntil(() => status(terminal) === 'idle');
  });
});

const asks: Script = ({ toolResults }) =>
  toolResults.length === 0 ? { run: 'touch allowed.txt', escalate: true } : { say: 'done' };

function quoted(name: string): string {
  return `'${join(home.root, name)}'`;
}

function status(terminal: AgentTerminal): string | undefined {
  const { run } = terminal;
  const path = run.kind.statusFile?.(terminal.pid(), run.environment);
  return path !== undefined && existsSync(path) ? run.kind.readStatus?.(readFileSync(path, 'utf8')) : undefined;
}

it('claude ends at once where there is no conversation to go on with', async () => {
  home = await AgentHome.create('claude', works);
  const terminal = open({ resume: '00000000-0000-4000-8000-000000000000' });
  await waitUntil(() => terminal.screen().some((line) => line.includes('No conversation found')));
  await waitUntil(() => home.processes().length === 0);
  expect(terminal.run.isReady()).toBe(false);
});

it('claude says in the file of its process that it waits', async () => {
  home = await AgentHome.create('claude', asks);
  const terminal = open({ config: { permissions: 'ask' } });
  await terminal.send(WORKS);
  await waitUntil(() => status(terminal) === 'waiting');
  const { readDialog } = terminal.run.kind.terminal!;
  const answer = () => {
    if (readDialog?.(terminal.screen()) === 'for a permission') terminal.press('Enter'); // yes, as the menu proposes
    return terminal.run.isOver();
  };
  await waitUntil(answer, { everyMs: 500 });
  expect(terminal.run.state()).toMatchObject({ phase: 'finished' });
  expect(isThere('allowed.txt')).toBe(true);
});

it('claude is not done while something of it runs in the background', async () => {
  const later = `while ! test -e go; do perl -e 'select undef, undef, undef, 0.1'; done; touch ready.txt`;
  const words = ['Wait for it.', 'It is there.'];
  home = await AgentHome.create('claude', ({ toolResults }) =>
    toolResults.length === 0 ? { run: later, background: true } : { say: words.shift() ?? 'More?' },
  );
  const terminal = open();
  await terminal.send(WORKS);
  const { run } = terminal;
  await waitUntil(() => run.state().doing === '1 running in the background');
  expect(run.isOver()).toBe(false);
  writeFileSync(join(home.worktree, 'go'), '');
  await waitUntil(() => run.isOver());
  await waitUntil(() => run.state().usage?.inputTokens === 3 * USAGE.input);
  expect(run.state()).toMatchObject({ phase: 'finished', message: 'It is there.' });
});
