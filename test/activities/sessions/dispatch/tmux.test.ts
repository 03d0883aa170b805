import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { excerpt, type Text } from '../../../../contracts/text';
import { AgentBench, isAlive, leaseFor, quietEnvironment } from '../../../support/agent-bench';
import { waitUntil } from '../../../support/wait-until';

let bench: AgentBench;
beforeEach(() => {
  bench = new AgentBench();
});
afterEach(() => bench.close());

const RECEIPTS = ['claimed', 'pasted', 'submitted', 'accepted', 'finished'];

function seenReceipts(): string[] {
  return bench.receipts().filter((name) => RECEIPTS.includes(name));
}

describe('a prompt for an agent in a terminal', () => {
  it('arrives once, with all receipts, and the work is counted', async () => {
    const input = bench.input({ contract: { files: ['work-2.txt'], clean: true, minCommits: 1 } });
    const result = await bench.dispatch(bench.agent(['--commits', '2']), input);

    expect(bench.prompts()).toHaveLength(1);
    expect(seenReceipts()).toEqual(RECEIPTS);
    expect(result).toMatchObject({
      backend: 'tmux',
      commits: 2,
      head: bench.git('rev-parse', 'HEAD'),
      contract: '2 commits · contract met',
      inputTokens: 11,
      outputTokens: 7,
    });
    expect(result.receipts.claimedAt).toBeLessThanOrEqual(result.receipts.finishedAt!);
    expect(excerpt(result.log)).toContain('all done');
    expect(bench.survivors()).toEqual([]);
  });

  it('is typed as it is when it is short, and keeps its lines', async () => {
    const prompt = 'Don\'t; $(touch /tmp/x) `y` #{pane_id} %d\n— ünïcödé\t\\n "quoted"'
      .replace('—', '-')
      .replace('\t', ' ');
    await bench.dispatch(bench.agent(), bench.input({ prompt }));
    expect(bench.prompts().map((entry) => entry.prompt)).toEqual([prompt]);
  });

  it.each([
    ['long', 'x'.repeat(900)],
    ['of many lines', 'a\nb\nc\nd'],
    ['a slash command', '/status please'],
    ['a shell command', '!rm -rf x'],
    ['with keys in it', 'one\x1b[201~\rtwo\x03\x15'],
    ['200 KB', randomBytes(100_000).toString('hex')],
  ])('goes as a file, byte for byte: %s', async (_, prompt) => {
    await bench.dispatch(bench.agent(), bench.input({ prompt }));
    const sha256 = createHash('sha256').update(prompt).digest('hex');
    expect(bench.prompts()).toEqual([
      expect.objectContaining({
        sha256,
        prompt: expect.stringMatching(/^Read the file \S+prompt\.md and do/) as unknown,
      }),
    ]);
  });

  it('waits for an agent that is ready late', async () => {
    await bench.dispatch(bench.agent(['--ready-after', '1500']));
    expect(bench.prompts()).toHaveLength(1);
  });

  it('presses Enter again, and types nothing again, when an Enter is swallowed', async () => {
    await bench.dispatch(bench.agent(['--swallow-enters', '2']));
    expect(bench.prompts().map((entry) => entry.prompt)).toEqual([bench.input().prompt]);
    expect(bench.receipts().filter((name) => name === 'paste')).toHaveLength(1);
    expect(bench.receipts().filter((name) => name === 'enter')).toHaveLength(3);
  });

  it('types again when the text was swallowed, for then nothing was submitted', async () => {
    await bench.dispatch(bench.agent(['--swallow-pastes', '1']));
    expect(bench.prompts().map((entry) => entry.prompt)).toEqual([bench.input().prompt]);
    expect(bench.receipts().filter((name) => name === 'paste')).toHaveLength(2);
  });

  it('does not take the noise of an agent for events', async () => {
    await bench.dispatch(bench.agent(['--garbage']));
    expect(bench.prompts()).toHaveLength(1);
  });

  it('gives the output that was asked for', async () => {
    const output = { title: 'string', files: ['string'] };
    const agent = bench.agent(['--output', '{"title":"t","files":["a"],"more":1}']);
    const result = await bench.dispatch(agent, bench.input({ output }));
    expect(result.output).toEqual({ title: 't', files: ['a'] });
  });

  it('is answered from the record when the activity comes again after its end', async () => {
    const first = await bench.dispatch(bench.agent(['--commits', '1']));
    expect(await bench.dispatch(bench.agent(['--commits', '1']))).toEqual(first);
    expect(bench.prompts()).toHaveLength(1);
  });
});

describe('an agent that reports nothing', () => {
  const silent = { ready: 'screen', accepted: 'screen' };

  it('is read off its screen: a line that says it is done', async () => {
    const agent = bench.agent(['--silent', '--commits', '1'], { ...silent, finished: { line: '^all done' } });
    const result = await bench.dispatch(agent);
    expect(result).toMatchObject({ commits: 1, message: { inline: 'all done' } });
    expect(bench.prompts()).toHaveLength(1);
  });

  it('is taken to be done when it has been quiet for as long as configured', async () => {
    const agent = bench.agent(['--silent', '--commits', '1'], { ...silent, finished: { 'quiet-ms': 1_500 } });
    expect(await bench.dispatch(agent)).toMatchObject({ commits: 1 });
  });
});

describe('a dispatch fails', () => {
  const quick = { 'ready-ms': 2_500, 'accept-ms': 3_000 };

  it.each([
    ['Agent.NotReady', 'an agent that asks something first, without a key pressed', ['--dialog'], 'Do you trust'],
    ['Agent.NotAccepted', 'an agent that ignores Enter', ['--ignore-enter'], 'a small agent'],
    ['Agent.OutcomeUnknown', 'an agent that takes the prompt and never says so', ['--never-report'], 'a small agent'],
    ['Agent.Crashed', 'an agent that is killed at work', ['--crash'], 'working'],
    ['Provider.RateLimited', 'an agent that reports a rate limit', ['--fail', 'rate_limit'], 'working'],
    ['Agent.Failed', 'an agent that reports some failure', ['--fail', 'unknown'], 'working'],
  ])('%s: %s', async (type, _, flags, evidence) => {
    const agent = bench.agent([...flags, '--children'], quick);
    const failure = await bench.dispatch(agent).catch((error: unknown) => error);
    expect(failure).toMatchObject({ type, nonRetryable: true });
    expect(excerpt((failure as { details: { evidence: Text }[] }).details[0]!.evidence)).toContain(evidence);
    expect(bench.prompts().length).toBeLessThanOrEqual(1);
    expect(bench.log().filter((entry) => entry.what === 'key')).toEqual([]);
    expect(bench.survivors()).toEqual([]);

    // The next attempt of the same activity answers the same, and does nothing.
    await expect(bench.dispatch(agent)).rejects.toMatchObject({ type });
    expect(bench.log().filter((entry) => entry.what === 'started')).toHaveLength(1);
  });

  it('Stage.TimedOut: an agent that hangs and is deaf to signals, its children too', async () => {
    const agent = bench.agent(['--hang', '--deaf', '--children']);
    const input = bench.input({ timeoutMs: 500 });
    await expect(bench.dispatch(agent, input)).rejects.toMatchObject({ type: 'Stage.TimedOut' });
    expect(bench.survivors()).toEqual([]);
  });

  it('Stage.TimedOut says what the agent was waiting for', async () => {
    const failing = bench.dispatch(bench.agent(['--ask']), bench.input({ timeoutMs: 500 }));
    await expect(failing).rejects.toThrow('rm -rf build');
  });

  it('Agent.Unavailable: a program that is not there', async () => {
    const agent = bench.agent([], { command: ['no-such-agent-program'] });
    await expect(bench.dispatch(agent)).rejects.toMatchObject({ type: 'Agent.Unavailable' });
  });

  it('Agent.Unavailable: an agent that nobody configured', async () => {
    const dispatching = bench.dispatch(bench.agent(), bench.input({ lease: { ...bench.input().lease, agent: 'b' } }));
    await expect(dispatching).rejects.toMatchObject({
      type: 'Agent.Unavailable',
      message: expect.stringContaining('configured: a') as unknown,
    });
  });

  it('Agent.ContractNotMet: too few commits, a missing file, an unclean tree; all of it is said', async () => {
    const contract = { minCommits: 1, files: ['b.txt'], clean: true };
    const dispatching = bench.dispatch(bench.agent(['--leave', 'left.txt']), bench.input({ contract }));
    const failure = await dispatching.catch((error: unknown) => error);
    expect(failure).toMatchObject({ type: 'Agent.ContractNotMet' });
    const evidence = excerpt((failure as { details: { evidence: Text }[] }).details[0]!.evidence);
    for (const part of ['0 commits of 1', 'b.txt is missing', 'left.txt']) expect(evidence).toContain(part);
  });

  it('Path.Escapes: a contract that looks outside the workspace', async () => {
    const input = bench.input({ contract: { files: ['../outside'], clean: false } });
    await expect(bench.dispatch(bench.agent(), input)).rejects.toMatchObject({ type: 'Path.Escapes' });
  });

  it('Stage.OutputInvalid: output of another shape', async () => {
    const input = bench.input({ output: { title: 'string' } });
    const dispatching = bench.dispatch(bench.agent(['--output', '{"title":7}']), input);
    await expect(dispatching).rejects.toMatchObject({
      type: 'Stage.OutputInvalid',
      message: expect.stringContaining('title') as unknown,
    });
  });

  it('Path.Escapes: an id that is a path, before anything is touched', async () => {
    const input = bench.input({ dispatchId: '../../x' });
    await expect(bench.dispatch(bench.agent(), input)).rejects.toMatchObject({ type: 'Path.Escapes' });
    expect(existsSync(join(bench.home, '..', 'x'))).toBe(false);
  });
});

describe('a person at the terminal', () => {
  it('is never typed over: the prompt waits, and the heartbeat says so', async () => {
    const environment = quietEnvironment();
    const doings: string[] = [];
    environment.on('heartbeat', (details: { doing: string }) => doings.push(details.doing));
    const agent = bench.agent(['--ready-after', '1500']);
    const dispatching = bench.dispatch(agent, bench.input(), environment);
    const session = await waitUntil(async () =>
      (await bench.tmux('list-sessions', '-F', '#{session_name}').catch(() => '')).trim(),
    );
    const person = await bench.attach(session);
    await waitUntil(() => doings.some((text) => text.includes('a person is at the terminal')));
    expect(bench.receipts()).not.toContain('paste');
    await person.leave();
    await dispatching;
    expect(bench.prompts()).toHaveLength(1);
  });
});

describe('cancelling', () => {
  it('stops the agent with everything it started, and its session', async () => {
    const environment = quietEnvironment();
    const dispatching = bench.dispatch(bench.agent(['--hang', '--deaf', '--children']), bench.input(), environment);
    dispatching.catch(() => undefined);
    await waitUntil(() => bench.log().filter((entry) => entry.what === 'child').length === 2);
    environment.cancel('CANCELLED');
    await expect(dispatching).rejects.toThrow('CANCELLED');
    expect(bench.survivors()).toEqual([]);
    await expect(bench.tmux('list-sessions')).rejects.toThrow();
  });

  it('leaves the agent at work when only the worker stops, and the next attempt finds it', async () => {
    const environment = quietEnvironment();
    const go = join(bench.root, 'go');
    const agent = bench.agent(['--wait-for', go, '--commits', '1']);
    const dispatching = bench.dispatch(agent, bench.input(), environment);
    dispatching.catch(() => undefined);
    await waitUntil(() => bench.prompts().length === 1);
    const { ActivityCancellationDetails } = await import('@temporalio/common');
    environment.cancel('WORKER_SHUTDOWN', new ActivityCancellationDetails({ workerShutdown: true }));
    await expect(dispatching).rejects.toThrow('WORKER_SHUTDOWN');
    expect(bench.survivors()).toHaveLength(1);

    writeFileSync(go, '');
    expect(await bench.dispatch(agent)).toMatchObject({ commits: 1 });
    expect(bench.prompts()).toHaveLength(1);
  });
});

describe('losing the terminal', () => {
  it('kill -9 of the tmux server: the agent is dead or made so, and a new dispatch carries on', async () => {
    const dispatching = bench.dispatch(bench.agent(['--hang', '--deaf', '--children']));
    dispatching.catch(() => undefined);
    await waitUntil(() => bench.log().filter((entry) => entry.what === 'child').length === 2);
    const server = Number((await bench.tmux('display-message', '-p', '#{pid}')).trim());
    process.kill(server, 'SIGKILL');
    await expect(dispatching).rejects.toMatchObject({ type: 'Agent.Crashed' });
    expect(bench.survivors()).toEqual([]);

    await bench.dispatch(bench.agent(), bench.input({ dispatchId: 'r-1.implement.1.2' }));
    expect(bench.prompts()).toHaveLength(2);
  });

  it('a removed socket is not a dead server', async () => {
    const go = join(bench.root, 'go');
    const dispatching = bench.dispatch(bench.agent(['--wait-for', go]));
    await waitUntil(() => bench.prompts().length === 1);
    const socket = (await bench.tmux('display-message', '-p', '#{socket_path}')).trim();
    const { rmSync } = await import('node:fs');
    rmSync(socket);
    await waitUntil(() => existsSync(socket));
    writeFileSync(go, '');
    await dispatching;
    expect(bench.prompts()).toHaveLength(1);
  });

  it('two sessions whose names begin alike are not mistaken for each other', async () => {
    const go = join(bench.root, 'go');
    const agent = bench.agent(['--wait-for', go]);
    const ids = ['r-1.implement.1.1', 'r-1.implement.1.10'];
    const both = ids.map((dispatchId, index) => {
      const lease = leaseFor(dispatchId, ['a-1', 'a-10'][index]);
      return bench.dispatch(agent, bench.input({ dispatchId, lease, prompt: `for ${dispatchId}` }));
    });
    await waitUntil(() => bench.prompts().length === 2);
    writeFileSync(go, '');
    await Promise.all(both);
    expect(
      bench
        .prompts()
        .map((entry) => entry.prompt)
        .sort(),
    ).toEqual(ids.map((id) => `for ${id}`));
  });
});

describe('secrets', () => {
  it('reach the agent, and no command line, log, answer or file that stays', async () => {
    await bench.close();
    const canary = 'canary-7f3a9c1e';
    bench = new AgentBench({ secrets: { TOKEN: canary } });
    const agent = bench.agent([], {
      command: [
        '/bin/sh',
        '-c',
        `printf 'token %s\\n' "$TOKEN"; exec "$0" "$@"`,
        ...(bench.agent()['command'] as string[]),
      ],
    });
    const result = await bench.dispatch(agent, bench.input({ secrets: ['TOKEN'] }));
    expect(excerpt(result.log)).toContain('token ***');
    const kept = files(bench.home);
    expect(kept.length).toBeGreaterThan(5);
    expect(kept.filter((path) => readFileSync(path, 'latin1').includes(canary))).toEqual([]);
    expect(statSync(join(bench.home, 'dispatches', bench.input().dispatchId)).mode & 0o077).toBe(0);
  });

  it('that are missing are named', async () => {
    const dispatching = bench.dispatch(bench.agent(), bench.input({ secrets: ['TOKEN'] }));
    await expect(dispatching).rejects.toMatchObject({ type: 'Secret.Missing' });
  });

  function files(root: string): string[] {
    mkdirSync(root, { recursive: true });
    const entries = readdirSync(root, { recursive: true, withFileTypes: true });
    return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  }
});

it('knows which processes live', () => {
  expect(isAlive(process.pid)).toBe(true);
});
