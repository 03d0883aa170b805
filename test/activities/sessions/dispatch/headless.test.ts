import { join } from 'node:path';
import { chmodSync, writeFileSync } from 'node:fs';
import { excerpt } from '../../../../contracts/text';
import { AgentBench, quietEnvironment } from '../../../support/agent-bench';
import { waitUntil } from '../../../support/wait-until';

let bench: AgentBench;
beforeEach(() => {
  bench = new AgentBench();
});
afterEach(() => bench.close());

/** A program in shell that stands for a real agent's CLI: it prints what those were recorded to print. */
function program(lines: readonly string[]): string {
  const path = join(bench.root, 'agent-cli');
  writeFileSync(path, ['#!/bin/sh', 'printf "%s\\n" "$@" >"$ARGS_FILE"; cat >"$PROMPT_FILE"', ...lines].join('\n'));
  chmodSync(path, 0o755);
  return path;
}

function say(event: unknown): string {
  return `cat <<'END'\n${JSON.stringify(event)}\nEND`;
}

const files = () => ({ ARGS_FILE: join(bench.root, 'args'), PROMPT_FILE: join(bench.root, 'prompt') });

describe('a headless agent', () => {
  it('gets the prompt on standard input, once', async () => {
    const agent = bench.agent(['--print', '--commits', '1'], { backend: 'headless' });
    const result = await bench.dispatch(agent, bench.input({ contract: { minCommits: 1, files: [], clean: true } }));
    expect(bench.prompts()).toHaveLength(1);
    expect(result).toMatchObject({ backend: 'headless', commits: 1, contract: '1 commit · contract met' });
    expect(Object.keys(result.receipts)).toHaveLength(5);
  });

  it('may be judged by its exit code, when it reports nothing', async () => {
    const finished = { backend: 'headless', finished: 'exit', accepted: 'screen' };
    const fine = { ...bench.agent([], finished), command: [program(['echo fine'])], set: files() };
    const result = await bench.dispatch(fine);
    expect(excerpt(result.log)).toBe('fine\n');
    const bad = { ...fine, command: [program(['echo bad; exit 3'])] };
    const failing = bench.dispatch(bad, bench.input({ dispatchId: 'r-1.implement.1.2' }));
    await expect(failing).rejects.toMatchObject({
      type: 'Agent.Failed',
      message: expect.stringContaining('exit code 3') as unknown,
    });
  });

  it('is stopped with all it started when the dispatch is cancelled', async () => {
    const environment = quietEnvironment();
    const agent = bench.agent(['--print', '--hang', '--deaf', '--children'], { backend: 'headless' });
    const dispatching = bench.dispatch(agent, bench.input(), environment);
    dispatching.catch(() => undefined);
    await waitUntil(() => bench.log().filter((entry) => entry.what === 'prompt').length === 1);
    environment.cancel('CANCELLED');
    await expect(dispatching).rejects.toThrow('CANCELLED');
    expect(bench.survivors()).toEqual([]);
  });

  it('that is killed has crashed', async () => {
    const agent = bench.agent(['--print', '--crash', '--children'], { backend: 'headless' });
    await expect(bench.dispatch(agent)).rejects.toMatchObject({ type: 'Agent.Crashed' });
    expect(bench.survivors()).toEqual([]);
  });
});

describe('claude', () => {
  const init = { type: 'system', subtype: 'init', session_id: 's-1', model: 'm' };
  const usage = { input_tokens: 3, cache_read_input_tokens: 40, output_tokens: 5 };

  it('is read from its stream: message, tokens, cost', async () => {
    const tool = { type: 'assistant', message: { content: [{ type: 'tool_use', name: 'Bash' }] } };
    const end = { type: 'result', subtype: 'success', is_error: false, result: 'Done.', usage, total_cost_usd: 0.25 };
    const agent = {
      kind: 'claude',
      backend: 'headless',
      command: [program([say(init), say(tool), say(end)])],
      set: files(),
    };
    const result = await bench.dispatch(agent, bench.input({ model: 'opus' }));
    expect(result).toMatchObject({ message: { inline: 'Done.' }, inputTokens: 43, outputTokens: 5, costUsd: 0.25 });
    const { readFileSync } = await import('node:fs');
    const args = readFileSync(files().ARGS_FILE, 'utf8');
    expect(args).toMatch(/^-p\n--output-format\nstream-json\n--verbose\n--permission-mode\nbypassPermissions\n/);
    expect(args).toMatch(
      /--session-id\n[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-a[0-9a-f]{3}-[0-9a-f]{12}\n--model\nopus\n$/,
    );
    expect(readFileSync(files().PROMPT_FILE, 'utf8')).toBe(bench.input().prompt);
  });

  it('fails when it says is_error, whatever its subtype says', async () => {
    const end = {
      type: 'result',
      subtype: 'success',
      is_error: true,
      api_error_status: 429,
      result: 'API Error',
      usage,
    };
    const agent = {
      kind: 'claude',
      backend: 'headless',
      command: [program([say(init), say(end), 'exit 1'])],
      set: files(),
    };
    await expect(bench.dispatch(agent)).rejects.toMatchObject({ type: 'Provider.RateLimited' });
  });

  it('that ends without a result has crashed', async () => {
    const agent = { kind: 'claude', backend: 'headless', command: [program([say(init)])], set: files() };
    await expect(bench.dispatch(agent)).rejects.toMatchObject({ type: 'Agent.Crashed' });
  });
});

describe('codex', () => {
  const begin = [say({ type: 'thread.started', thread_id: 't-1' }), say({ type: 'turn.started' })];

  it('is read from its stream', async () => {
    const item = { type: 'item.completed', item: { type: 'agent_message', text: 'Done.' } };
    const end = { type: 'turn.completed', usage: { input_tokens: 9, output_tokens: 4 } };
    const agent = {
      kind: 'codex',
      backend: 'headless',
      command: [program([...begin, say(item), say(end)])],
      set: files(),
    };
    const result = await bench.dispatch(agent);
    expect(result).toMatchObject({ message: { inline: 'Done.' }, inputTokens: 9, outputTokens: 4 });
    expect(result.costUsd).toBeUndefined();
  });

  it('fails with the class of its error', async () => {
    const end = { type: 'turn.failed', error: { message: 'exceeded retry limit, last status: 429 Too Many Requests' } };
    const agent = {
      kind: 'codex',
      backend: 'headless',
      command: [program([...begin, say(end), 'exit 1'])],
      set: files(),
    };
    await expect(bench.dispatch(agent)).rejects.toMatchObject({ type: 'Provider.RateLimited' });
  });
});
