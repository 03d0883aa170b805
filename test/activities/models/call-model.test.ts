import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Info } from '@temporalio/activity';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { createModelActivities } from '../../../activities/models/create-model-activities';
import { configureProviders } from '../../../activities/providers/configure';
import type { CallModelInput, CallModelResult } from '../../../contracts/activities';
import { anthropicAnswer, answer, beginning, json, ollamaAnswer, openAiAnswer, stream } from '../../support/model-wire';
import { startUpstream, type ScriptedUpstream } from '../../support/scripted-upstream';
import { waitUntil } from '../../support/wait-until';

// The whole activity: Temporal's context, the vendors' SDKs, and one HTTP server that plays every vendor.

let upstream: ScriptedUpstream;
beforeEach(async () => {
  upstream = await startUpstream();
});
afterEach(() => upstream.close());

/** Every failing attempt would be logged. */
const QUIET = { logger: new DefaultLogger('ERROR') };
const SECRET = 'hunter2-canary';

const INPUT: CallModelInput = {
  run: { project: 'p', runId: 'r' },
  stage: 'plan',
  prompt: 'Plan it.',
  attachments: [],
  timeoutMs: 30_000,
};

async function activities(env: Record<string, string>) {
  const { providers } = await configureProviders({ OLLAMA_HOST: 'http://127.0.0.1:1', ...env });
  return createModelActivities({
    providers,
    readText: async (text) => ('inline' in text ? text.inline : `${text.head}…`),
    storeText: async (text) => ({ inline: text }),
    redact: (text) => text.replaceAll(SECRET, '***'),
    log: { info: () => undefined, warn: () => undefined },
  });
}

const anthropicOnly = () => ({ ANTHROPIC_API_KEY: 'k', ANTHROPIC_BASE_URL: upstream.url });
const openAiOnly = () => ({ OPENAI_API_KEY: 'k', OPENAI_BASE_URL: `${upstream.url}/v1` });
const both = () => ({ ...anthropicOnly(), ...openAiOnly() });

interface Attempt {
  readonly result?: CallModelResult;
  readonly failure?: ApplicationFailure;
  /** What Temporal gives to the next attempt. */
  readonly details: unknown;
}

/** One attempt of the activity, with what the one before left behind. */
async function attempt(
  env: Record<string, string>,
  input: Partial<CallModelInput> = {},
  info: Partial<Info> = {},
): Promise<Attempt> {
  const environment = new MockActivityEnvironment(
    {
      startToCloseTimeoutMs: 40_000,
      heartbeatTimeoutMs: 5_000,
      ...info,
    },
    QUIET,
  );
  let details: unknown;
  environment.on('heartbeat', (last: unknown) => (details = last));
  const { callModel } = await activities(env);
  try {
    return { result: await environment.run(callModel, { ...INPUT, ...input }), details };
  } catch (error) {
    if (!(error instanceof ApplicationFailure)) throw error;
    return { failure: error, details };
  }
}

/** All attempts Temporal would make, up to a number. */
async function attempts(
  env: Record<string, string>,
  most: number,
  input: Partial<CallModelInput> = {},
): Promise<Attempt[]> {
  const made: Attempt[] = [];
  while (made.length < most) {
    const details = made.at(-1)?.details;
    const latest = await attempt(env, input, { attempt: made.length + 1, heartbeatDetails: details });
    made.push(latest);
    if (latest.result || latest.failure?.nonRetryable) break;
  }
  return made;
}

const asked = () => upstream.requests.map(({ body }) => body['model']);
const promptOf = (index: number) => JSON.stringify(upstream.requests[index]!.body['messages']);

it('answers with text, tokens, cost and who it was', async () => {
  upstream.reply(anthropicAnswer(['Do ', 'this.']));
  const { result } = await attempt(anthropicOnly(), { model: 'claude-sonnet-5' });
  expect(result).toEqual({
    text: { inline: 'Do this.' },
    provider: 'anthropic',
    model: 'claude-test-2026',
    inputTokens: 11,
    outputTokens: 7,
  });
});

it('knows what a listed model costs, and that a stand-in costs nothing', async () => {
  const reply = openAiAnswer(['ok']);
  upstream.reply({ ...reply, chunks: reply.chunks!.map((chunk) => chunk.replace('gpt-test-2026', 'gpt-4o')) }, reply);
  const priced = await attempt(openAiOnly());
  expect(priced.result?.costUsd).toBeCloseTo((11 * 2.5 + 7 * 10) / 1e6, 10);
  const free = await attempt({ GANTRY_OFFLINE_MODEL_URL: `${upstream.url}/v1` });
  expect(free.result).toMatchObject({ provider: 'offline', costUsd: 0 });
});

it('says what to do when no provider is configured', async () => {
  const { failure } = await attempt({});
  expect(failure).toMatchObject({ type: 'Provider.None', nonRetryable: true });
  expect(failure?.message).toContain('ANTHROPIC_API_KEY');
});

describe('a failure', () => {
  it('carries the class, the wait and the evidence, and what to do', async () => {
    const limited = { type: 'error', error: { type: 'rate_limit_error', message: 'Too many tokens per minute.' } };
    upstream.reply(json(429, limited, { 'retry-after': '30', 'request-id': 'req-1' }));
    const { failure } = await attempt(anthropicOnly());
    expect(failure).toMatchObject({ type: 'Provider.RateLimited', nonRetryable: false });
    expect(failure?.details).toEqual([
      {
        provider: 'anthropic',
        model: 'claude-sonnet-5',
        status: 429,
        code: 'rate_limit_error',
        requestId: 'req-1',
        retryAfterMs: 30_000,
      },
    ]);
    expect(failure?.nextRetryDelay).toBeGreaterThan(29_000);
    expect(failure?.message).toBe(
      'anthropic/claude-sonnet-5 (HTTP 429): Too many tokens per minute. Wait, ask for a higher rate limit, or configure a second provider.',
    );
  });

  it('is final for one provider alone when trying again cannot help', async () => {
    upstream.reply(json(401, { error: { message: 'invalid x-api-key' } }));
    const { failure } = await attempt(anthropicOnly());
    expect(failure).toMatchObject({ type: 'Provider.Auth', nonRetryable: true });
  });

  it('shows no secret, neither of the request nor of the provider', async () => {
    upstream.reply(json(400, { error: { message: `bad header ${SECRET}` } }));
    const { failure, details } = await attempt(anthropicOnly(), { prompt: `the password is ${SECRET}` });
    expect(failure?.message).toContain('***');
    expect(JSON.stringify([failure, details, upstream.requests])).not.toContain(SECRET);
  });
});

describe('several providers', () => {
  it('take turns, one request an attempt, and remember whose key is refused', async () => {
    upstream.reply(json(401, {}), json(500, {}), openAiAnswer(['ok']));
    const made = await attempts(both(), 5);
    expect(asked()).toEqual(['claude-sonnet-5', 'gpt-6-sol', 'gpt-6-sol']);
    expect(made.map(({ failure }) => failure?.type)).toEqual(['Provider.Auth', 'Provider.ServerError', undefined]);
    expect(made[0]!.failure).toMatchObject({ nonRetryable: false });
    expect(made[0]!.failure!.message).toContain('Next is openai/gpt-6-sol.');
    expect(made[2]!.result).toMatchObject({ provider: 'openai' });
  });

  it('end when every one has failed for good', async () => {
    upstream.reply(json(401, {}), json(402, {}));
    const made = await attempts(both(), 5);
    expect(made.map(({ failure }) => [failure?.type, failure?.nonRetryable])).toEqual([
      ['Provider.Auth', false],
      ['Provider.Quota', true],
    ]);
  });

  it('do not wait for the one that asked to be left alone', async () => {
    upstream.reply(json(429, {}, { 'retry-after': '300' }), openAiAnswer(['ok']));
    const made = await attempts(both(), 2);
    expect(made[0]!.failure?.nextRetryDelay ?? undefined).toBeUndefined();
    expect(made[1]!.result).toMatchObject({ provider: 'openai' });
  });

  it('are not asked to answer what one of them declined', async () => {
    upstream.reply(anthropicAnswer(['No'], 'refusal'));
    const made = await attempts(both(), 5);
    expect(made.map(({ failure }) => [failure?.type, failure?.nonRetryable])).toEqual([['Provider.Policy', true]]);
  });

  it('do not step in for one that is named', async () => {
    upstream.reply(json(503, {}), json(401, {}));
    const made = await attempts(both(), 5, { model: 'openai/gpt-4o' });
    expect(asked()).toEqual(['gpt-4o', 'gpt-4o']);
    expect(made.at(-1)!.failure).toMatchObject({ type: 'Provider.Auth', nonRetryable: true });
  });

  it('take turns by the attempt alone when the worker died without a word', async () => {
    upstream.reply(openAiAnswer(['ok']));
    const { result } = await attempt(both(), {}, { attempt: 2 });
    expect(result).toMatchObject({ provider: 'openai' });
  });
});

describe('a declared output', () => {
  const output = { verdict: 'approve | revise', 'notes?': ['string'] };

  it('is read from the answer, and the answer kept', async () => {
    upstream.reply(openAiAnswer(['Sure:\n```json\n{"verdict":', '"approve"}\n```']));
    const { result } = await attempt(openAiOnly(), { output });
    expect(result).toMatchObject({ output: { verdict: 'approve' } });
    expect(promptOf(0)).toContain('JSON Schema');
    expect(upstream.requests[0]!.body).toMatchObject({ response_format: { type: 'json_schema' } });
  });

  it('that does not match is told to the same model, with its answer', async () => {
    upstream.reply(anthropicAnswer(['{"verdict":"maybe"}']), anthropicAnswer(['{"verdict":"revise"}']));
    const made = await attempts(both(), 3, { output });
    expect(made[0]!.failure).toMatchObject({ type: 'Stage.OutputInvalid', nonRetryable: false });
    expect(made[0]!.failure!.message).toContain('verdict:');
    expect(made[1]!.result).toMatchObject({ provider: 'anthropic', output: { verdict: 'revise' } });
    const { messages } = upstream.requests[1]!.body as { messages: { role: string; content: string }[] };
    expect(messages.map(({ role }) => role)).toEqual(['user', 'assistant', 'user']);
    expect(messages[1]!.content).toBe('{"verdict":"maybe"}');
    expect(messages[2]!.content).toContain('verdict:');
  });

  it('that is missing altogether is said in words', async () => {
    upstream.reply(anthropicAnswer(['I would rather not.']));
    const { failure } = await attempt(anthropicOnly(), { output });
    expect(failure?.message).toContain('there is no JSON in it');
  });
});

describe('a long call', () => {
  it('is cancelled upstream with the activity', async () => {
    upstream.reply(stream('openai', beginning('openai'), 'stall'));
    const environment = new MockActivityEnvironment({ startToCloseTimeoutMs: 40_000 }, QUIET);
    const { callModel } = await activities(openAiOnly());
    const call = environment.run(callModel, INPUT);
    await waitUntil(() => upstream.requests.length === 1);
    environment.cancel();
    await expect(call).rejects.toBeInstanceOf(CancelledFailure);
    await waitUntil(() => upstream.requests[0]!.aborted);
  });

  it('heartbeats how far the answer is while the model says nothing', async () => {
    upstream.reply(stream('openai', beginning('openai'), 'stall'));
    const environment = new MockActivityEnvironment({ startToCloseTimeoutMs: 40_000, heartbeatTimeoutMs: 40 }, QUIET);
    const beats: { characters: number }[] = [];
    environment.on('heartbeat', (details: { characters: number }) => beats.push(details));
    const { callModel } = await activities(openAiOnly());
    const call = environment.run(callModel, INPUT).catch(() => undefined);
    await waitUntil(() => beats.filter(({ characters }) => characters === 8).length > 3);
    environment.cancel();
    await call;
    expect(beats[0]).toEqual({ trials: [], asking: 'openai/gpt-6-sol', characters: 0 });
  });

  it('ends before Temporal stops waiting for it', async () => {
    upstream.reply(stream('openai', beginning('openai'), 'stall'));
    const { failure } = await attempt(openAiOnly(), {}, { startToCloseTimeoutMs: 3_000 });
    expect(failure).toMatchObject({ type: 'Provider.Timeout', nonRetryable: false });
    expect(failure?.message).toContain('no complete answer within 1 s');
  });
});

describe('attachments', () => {
  let dir: string;
  const git = (...args: string[]) => execFileSync('git', args, { cwd: dir, encoding: 'utf8' }).trim();
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'gantry-call-model-'));
    git('init', '-q');
    git('config', 'user.email', 'a@example.test');
    git('config', 'user.name', 'A');
    writeFileSync(join(dir, 'a.txt'), 'one\n');
    git('add', '.');
    git('commit', '-qm', 'first');
  });
  afterEach(() => rmSync(dir, { recursive: true, force: true }));

  it('are put under the prompt: diff, file and text', async () => {
    const baseCommit = git('rev-parse', 'HEAD');
    writeFileSync(join(dir, 'a.txt'), 'two\n');
    const workspace = { repository: dir, path: dir, branch: 'b', base: 'main', baseCommit, ports: {} };
    upstream.reply(answer('openai', ['ok']));
    const { result } = await attempt(openAiOnly(), {
      workspace,
      attachments: [
        { kind: 'diff' },
        { kind: 'file', path: 'a.txt' },
        { kind: 'text', title: 'log of test', text: { inline: `failed ${SECRET}` } },
      ],
    });
    expect(result).toBeDefined();
    const prompt = promptOf(0);
    expect(prompt).toContain('-one\\n+two');
    expect(prompt).toContain('title=\\"a.txt\\">\\ntwo\\n</attachment>');
    expect(prompt).toContain('title=\\"log of test\\">\\nfailed ***');
  });

  it('that cannot be had cost no request', async () => {
    const { failure } = await attempt(openAiOnly(), { attachments: [{ kind: 'diff' }] });
    expect(failure).toMatchObject({ type: 'Definition.Invalid', nonRetryable: true });
    expect(upstream.requests).toHaveLength(0);
  });
});

it('speaks to Ollama in its own protocol', async () => {
  upstream.reply(json(200, { models: [{ name: 'qwen3:8b' }] }), ollamaAnswer(['{"ok":true}']));
  const { result } = await attempt({ OLLAMA_HOST: upstream.url }, { output: { ok: 'boolean' } });
  expect(result).toMatchObject({ provider: 'ollama', output: { ok: true }, costUsd: 0 });
  expect(upstream.requests[1]).toMatchObject({ url: '/api/chat' });
});
