import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Info } from '@temporalio/activity';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { createModelActivities } from '../../../activities/models/create-model-activities';
import type { ModelPorts } from '../../../activities/models/ports';
import { LedgerUnavailable, type LedgerPort } from '../../../activities/models/client/ports';
import type { LedgerAnswer, LedgerEntry } from '../../../contracts/budgets';
import type { ErrorType } from '../../../contracts/errors';
import type {
  CallModelInput,
  CallModelResult,
  CallProgress,
  ModelFailure,
  Spending,
  Trial,
} from '../../../contracts/models';
import type { BudgetsFile } from '../../../contracts/schemas/config/budgets';
import {
  anthropicAnswer,
  answer,
  beginning,
  json,
  ollamaAnswer,
  openAiAnswer,
  openAiChunk,
  stream,
} from '../../support/model-wire';
import { ScriptedBreakers, scriptedClient, scriptedModel, type ScriptedModel } from '../../support/scripted-models';
import { startUpstream, type ScriptedUpstream } from '../../support/scripted-upstream';
import { waitUntil } from '../../support/wait-until';

// The whole activity: Temporal's context, the vendors' SDKs, and one HTTP server that plays every vendor.

let upstream: ScriptedUpstream;
let breakers: ScriptedBreakers;
let ledger: ScriptedLedger;
beforeEach(async () => {
  upstream = await startUpstream();
  breakers = new ScriptedBreakers();
  ledger = new ScriptedLedger();
});
afterEach(() => upstream.close());

/** Every failing attempt would be logged. */
const QUIET = { logger: new DefaultLogger('ERROR') };
const SECRET = 'hunter2-canary';

const INPUT: CallModelInput = {
  id: 'r/plan#1',
  run: { project: 'p', runId: 'r' },
  stage: 'plan',
  prompt: 'Plan it.',
  attachments: [],
  timeoutMs: 30_000,
  trials: [],
};

/** A ledger that grants what is asked, up to a limit, and remembers every entry. */
class ScriptedLedger implements LedgerPort {
  readonly entries: LedgerEntry[] = [];
  left = Infinity;
  isAway = false;
  anewAt: number | undefined;

  readonly book = async (entries: readonly LedgerEntry[]): Promise<readonly LedgerAnswer[]> => {
    if (this.isAway) throw new LedgerUnavailable('no worker answers');
    this.entries.push(...entries);
    return entries.map((entry): LedgerAnswer => {
      if (entry.op !== 'draw') return { outcome: 'booked' };
      if (entry.atLeastNano <= this.left) return { outcome: 'held', grantedNano: entry.amountNano };
      const account = { level: 'org', account: 'acme', window: 'month' } as const;
      return {
        outcome: 'refused',
        ...account,
        limitNano: 1,
        settledNano: 1,
        heldNano: 0,
        askedNano: entry.atLeastNano,
        ...(this.anewAt === undefined ? {} : { retryAt: this.anewAt }),
      };
    });
  };
}

function activities(models: readonly ScriptedModel[], budgets?: BudgetsFile) {
  return createModelActivities(activitiesPorts(models, budgets));
}

function activitiesPorts(models: readonly ScriptedModel[], budgets?: BudgetsFile): ModelPorts {
  const config = budgets === undefined ? {} : { budgets };
  return {
    ...{ client: scriptedClient(models, config, breakers).client, config, ledger },
    providers: models.map(({ provider }) => provider),
    readText: async (text) => ('inline' in text ? text.inline : `${text.head}…`),
    storeText: async (text) => ({ inline: text }),
    redact: (text) => text.replaceAll(SECRET, '***'),
    log: { info: () => undefined, warn: () => undefined },
  };
}

const anthropicOnly = () => [scriptedModel('anthropic', upstream.url)];
const openAiOnly = () => [scriptedModel('openai', upstream.url)];
const both = () => [...anthropicOnly(), ...openAiOnly()];
const PRICED = { prices: { '*': { input: 2.5, output: 10 } } };
const priced = () => [scriptedModel('openai', upstream.url, PRICED)];

interface Attempt {
  readonly result?: CallModelResult;
  readonly failure?: ApplicationFailure;
  /** What the failure says of the call. */
  readonly told?: ModelFailure;
}

/** One call, with what the calls before have learned in its input. */
async function attempt(
  models: readonly ScriptedModel[],
  input: Partial<CallModelInput> = {},
  info: Partial<Info> = {},
  budgets?: BudgetsFile,
): Promise<Attempt> {
  const environment = new MockActivityEnvironment(
    { startToCloseTimeoutMs: 40_000, heartbeatTimeoutMs: 5_000, ...info },
    QUIET,
  );
  const { callModel } = activities(models, budgets);
  try {
    return { result: await environment.run(callModel, { ...INPUT, ...input }) };
  } catch (error) {
    if (!(error instanceof ApplicationFailure)) throw error;
    return { failure: error, told: error.details?.[0] as ModelFailure };
  }
}

/** As many calls as a workflow would make without waiting: each is told what those before have learned. */
async function attempts(
  models: readonly ScriptedModel[],
  most: number,
  input: Partial<CallModelInput> = {},
): Promise<Attempt[]> {
  const made: Attempt[] = [];
  let trials: readonly Trial[] = [];
  while (made.length < most) {
    const rejected = made.at(-1)?.told?.answer;
    const latest = await attempt(models, { ...input, trials, ...(rejected && { rejected }) });
    made.push(latest);
    const { trial } = latest.told ?? {};
    if (trial) trials = [...trials.filter(({ provider }) => provider !== trial.provider), trial];
    if (latest.result || latest.told?.goesOn !== true) break;
  }
  return made;
}

const asked = () => upstream.requests.map(({ body }) => body['model']);
const promptOf = (index: number) => JSON.stringify(upstream.requests[index]!.body['messages']);

it('answers with text, tokens, cost, who it was and why', async () => {
  upstream.reply(anthropicAnswer(['Do ', 'this.']));
  const { result } = await attempt(anthropicOnly(), { model: 'claude-sonnet-5' });
  expect(result).toMatchObject({
    text: { inline: 'Do this.' },
    provider: 'anthropic',
    model: 'claude-test-2026',
    inputTokens: 11,
    outputTokens: 7,
    requestId: 'req-anthropic-1',
    route: { by: 'asked for by name', rejected: [], findings: [] },
  });
});

it('knows what a model costs, and that a stand-in costs nothing', async () => {
  upstream.reply(openAiAnswer(['ok']), openAiAnswer(['ok']));
  expect((await attempt(priced())).result?.costNano).toBe(11 * 2_500 + 7 * 10_000);
  expect((await attempt([scriptedModel('offline', upstream.url)])).result).toMatchObject({
    provider: 'offline',
    costNano: 0,
  });
});

it('says what to do when no provider is configured', async () => {
  const { failure, told } = await attempt([]);
  expect(failure).toMatchObject({ type: 'Provider.None', nonRetryable: true });
  expect(failure?.message).toContain('ANTHROPIC_API_KEY');
  expect(told?.goesOn).toBe(false);
});

it('asks for no longer an answer than is wanted', async () => {
  const { provider, configured } = scriptedModel('offline', upstream.url);
  upstream.reply(openAiAnswer(['ok']), anthropicAnswer(['ok']), openAiAnswer(['ok']));
  await attempt(openAiOnly(), { maxOutputTokens: 50 });
  await attempt(anthropicOnly(), { maxOutputTokens: 50 });
  await attempt([{ provider, configured }], { maxOutputTokens: 50 });
  expect(upstream.requests.map(({ body }) => [body['max_completion_tokens'], body['max_tokens']])).toEqual([
    [50, undefined],
    [undefined, 50],
    [undefined, 50],
  ]);
});

describe('a failure', () => {
  it('carries its class, what was learned, and what to do; and Temporal does not try again', async () => {
    const limited = { type: 'error', error: { type: 'rate_limit_error', message: 'Too many tokens per minute.' } };
    upstream.reply(json(429, limited, { 'retry-after': '30', 'request-id': 'req-1' }));
    const { failure, told } = await attempt(anthropicOnly());
    expect(failure).toMatchObject({ type: 'Provider.RateLimited', nonRetryable: true });
    expect(told).toMatchObject({
      trial: {
        provider: 'anthropic',
        model: 'claude-sonnet-5',
        failures: 1,
        lastType: 'Provider.RateLimited',
        final: false,
      },
      goesOn: true,
      by: 'the order of the providers',
    });
    expect(told?.retryAt).toBe(told?.trial?.notBefore);
    expect(told?.retryAt).toBeGreaterThan(Date.now() + 25_000);
    expect(failure?.message).toBe(
      'anthropic/claude-sonnet-5 (HTTP 429): Too many tokens per minute. Wait, ask for a higher rate limit, or configure a second provider.',
    );
  });

  it('is final for one provider alone when trying again cannot help', async () => {
    upstream.reply(json(401, { error: { message: 'invalid x-api-key' } }));
    const { failure, told } = await attempt(anthropicOnly());
    expect(failure).toMatchObject({ type: 'Provider.Auth', nonRetryable: true });
    expect(told?.goesOn).toBe(false);
  });

  it('shows no secret, neither of the request nor of the provider', async () => {
    upstream.reply(json(400, { error: { message: `bad header ${SECRET}` } }));
    const { failure, told } = await attempt(anthropicOnly(), { prompt: `the password is ${SECRET}` });
    expect(failure?.message).toContain('***');
    expect(JSON.stringify([failure, told, breakers.reports, upstream.requests])).not.toContain(SECRET);
  });

  it('of ours after the call is not tried again: the call was paid for', async () => {
    upstream.reply(openAiAnswer(['ok']));
    const broken = { ...activitiesPorts(openAiOnly()), storeText: () => Promise.reject(new Error('the disk is full')) };
    const environment = new MockActivityEnvironment({ startToCloseTimeoutMs: 40_000 }, QUIET);
    const call = environment.run(createModelActivities(broken).callModel, INPUT);
    await expect(call).rejects.toMatchObject({ type: 'Run.Broken', nonRetryable: true });
  });
});

describe('several providers', () => {
  it('take turns, one request a call, and it is remembered whose key is refused', async () => {
    upstream.reply(json(401, {}), json(500, {}), openAiAnswer(['ok']));
    const made = await attempts(both(), 5);
    expect(asked()).toEqual(['claude-sonnet-5', 'gpt-6-sol', 'gpt-6-sol']);
    expect(made.map(({ failure }) => failure?.type)).toEqual(['Provider.Auth', 'Provider.ServerError', undefined]);
    expect(made[0]!.told).toMatchObject({ goesOn: true, next: { provider: 'openai', model: 'gpt-6-sol' } });
    expect(made[2]!.result).toMatchObject({ provider: 'openai' });
  });

  it('end when every one has failed for good', async () => {
    upstream.reply(json(401, {}), json(402, {}));
    const made = await attempts(both(), 5);
    expect(made.map(({ failure, told }) => [failure?.type, told?.goesOn])).toEqual([
      ['Provider.Auth', true],
      ['Provider.Quota', false],
    ]);
    expect(made[1]!.told?.rejected.map(({ provider }) => provider)).toEqual(['anthropic', 'openai']);
  });

  it('do not wait for the one that asked to be left alone', async () => {
    upstream.reply(json(429, {}, { 'retry-after': '300' }), openAiAnswer(['ok']));
    const made = await attempts(both(), 2);
    expect(made[0]!.told?.retryAt).toBeUndefined();
    expect(made[1]!.result).toMatchObject({ provider: 'openai' });
  });

  it('are not asked to answer what one of them declined', async () => {
    upstream.reply(anthropicAnswer(['No'], 'refusal'));
    const made = await attempts(both(), 5);
    expect(made.map(({ failure, told }) => [failure?.type, told?.goesOn])).toEqual([['Provider.Policy', false]]);
  });

  it('do not step in for one that is named', async () => {
    upstream.reply(json(503, {}), json(401, {}));
    const made = await attempts(both(), 5, { model: 'openai/gpt-4o' });
    expect(asked()).toEqual(['gpt-4o', 'gpt-4o']);
    expect(made.at(-1)!.failure).toMatchObject({ type: 'Provider.Auth' });
    expect(made.at(-1)!.told?.goesOn).toBe(false);
  });

  it('that are all closed are not asked, and it is said when the first may be', async () => {
    const until = Date.now() + 60_000;
    breakers.standings.set('anthropic', { state: 'open', why: 'usage limit', until, generation: 1 });
    const { failure, told } = await attempt(anthropicOnly());
    expect(failure).toMatchObject({ type: 'Provider.Unavailable', nonRetryable: true });
    expect(told).toMatchObject({ goesOn: true, retryAt: until });
    expect(told?.trial).toBeUndefined();
    expect(upstream.requests).toHaveLength(0);
  });
});

describe('a budget', () => {
  const BUDGETS: BudgetsFile = {
    limits: { month: 1_000_000_000 },
    teams: { core: { limits: {}, projects: ['other'], jobs: { p: { limits: {} } } } },
    over: 'stop',
    'alert-at': 80,
    slice: 200_000_000,
  };
  const spending: Spending = { scope: { run: 'p/r' }, nextSlice: 'p/r#1' };
  const COST = 11 * 2_500 + 7 * 10_000;
  const within = { ...INPUT, spending, maxOutputTokens: 1_000 };

  it('is drawn from once, for the job of the project, and what was spent comes back with the answer', async () => {
    upstream.reply(openAiAnswer(['ok']));
    const { result } = await attempt(priced(), within, {}, BUDGETS);
    expect(ledger.entries).toMatchObject([
      { op: 'draw', id: 'p/r#1', scope: { run: 'p/r', team: 'core', job: 'p' }, amountNano: 200_000_000 },
    ]);
    expect(result?.slice).toEqual({ id: 'p/r#1', grantedNano: 200_000_000, spentNano: COST });
  });

  it('is not asked where a slice is left', async () => {
    upstream.reply(openAiAnswer(['ok']));
    const slice = { id: 'p/r#0', grantedNano: 200_000_000, spentNano: 5 };
    const { result } = await attempt(priced(), { ...within, spending: { ...spending, slice } }, {}, BUDGETS);
    expect(ledger.entries).toEqual([]);
    expect(result?.slice).toEqual({ ...slice, spentNano: 5 + COST });
  });

  it('with too little left asks nobody', async () => {
    ledger.left = 1;
    const { failure, told } = await attempt(priced(), within, {}, BUDGETS);
    expect(failure).toMatchObject({ type: 'Budget.Exhausted' });
    expect(failure?.message).toContain('acme');
    expect(failure?.message).toMatch(/then ask again, or resume the run\.$/);
    expect([told?.goesOn, upstream.requests]).toEqual([false, []]);
  });

  it('with too little left until its window begins anew tells who waits for that how it ends before', async () => {
    ledger.left = 1;
    ledger.anewAt = Date.now() + 3_600_000;
    const { failure, told } = await attempt(priced(), within, {}, { ...BUDGETS, over: 'queue' });
    expect(failure?.message).toMatch(/`gantry budget set`: who waits for it goes on within a quarter of an hour\.$/);
    expect(told).toMatchObject({ goesOn: true, retryAt: ledger.anewAt });
  });

  it('of a run counts without one of the organisation; without either nothing is counted', async () => {
    upstream.reply(openAiAnswer(['ok']), openAiAnswer(['ok']));
    const limited = { ...within, spending: { ...spending, runLimitNano: 5_000_000_000 } };
    expect((await attempt(priced(), limited)).result?.slice).toMatchObject({ id: 'p/r#1', spentNano: COST });
    expect(ledger.entries).toMatchObject([{ op: 'draw', runLimitNano: 5_000_000_000 }]);
    expect((await attempt(priced(), within)).result?.slice).toBeUndefined();
    expect(ledger.entries).toHaveLength(1);
  });

  it('whose ledger does not answer is asked again later, and nobody is asked meanwhile', async () => {
    ledger.isAway = true;
    const { failure, told } = await attempt(priced(), within, {}, BUDGETS);
    expect(failure).toMatchObject({ type: 'Budget.Unavailable', nonRetryable: true });
    expect(told?.goesOn).toBe(true);
    expect(told?.retryAt).toBeGreaterThan(Date.now());
    expect(upstream.requests).toEqual([]);
  });

  it('pays for a call that a lost worker had made, as much as it may have cost', async () => {
    upstream.reply(openAiAnswer(['ok']), openAiAnswer(['ok']));
    const asking = { asking: 'openai/gpt-6-sol', characters: 3 };
    const lost = await attempt(priced(), within, { attempt: 2, heartbeatDetails: asking }, BUDGETS);
    expect(lost.result?.slice?.spentNano).toBeGreaterThan(COST + 1_000 * 10_000);
    expect(lost.result?.lost).toEqual({ countedNano: lost.result!.slice!.spentNano - COST });
    const idle = { asking: '', characters: 0 };
    const never = await attempt(priced(), within, { attempt: 2, heartbeatDetails: idle }, BUDGETS);
    expect(never.result?.slice?.spentNano).toBe(COST);
    expect(never.result?.lost).toBeUndefined();
  });

  it('is drawn from for no more than the call where nobody but a question needs it', async () => {
    upstream.reply(openAiAnswer(['ok']));
    const { run: _run, ...question } = within;
    const environment = new MockActivityEnvironment({ startToCloseTimeoutMs: 40_000 }, QUIET);
    await environment.run(activities(priced(), BUDGETS).callModel, question);
    const drawn = ledger.entries.map((entry) => (entry.op === 'draw' ? [entry.amountNano, entry.atLeastNano] : []));
    expect(drawn).toEqual([[expect.any(Number), drawn[0]?.[0]]]);
    expect(drawn[0]?.[0]).toBeLessThan(20_000_000);
  });

  it('counts a call that broke off at its estimate, and the failure says so', async () => {
    upstream.reply(stream('openai', beginning('openai'), 'reset'), json(500, { error: { message: 'down' } }));
    const { told } = await attempt(priced(), within, {}, BUDGETS);
    expect(told?.countedNano).toBeGreaterThan(1_000 * 10_000);
    expect(told?.countedNano).toBe(told?.slice?.spentNano);
    expect((await attempt(priced(), within, {}, BUDGETS)).told?.countedNano).toBeUndefined();
  });

  it('pays for an answer whose tokens nobody counted by its length', async () => {
    const told = [openAiChunk({ role: 'assistant', content: 'one two three four' }), openAiChunk({}, 'stop')];
    upstream.reply(stream('openai', [...told, 'data: [DONE]\n\n']));
    const { result } = await attempt(priced(), within, {}, BUDGETS);
    expect(result).toMatchObject({ inputTokens: 3, outputTokens: 5, costNano: 3 * 2_500 + 5 * 10_000 });
  });

  it('gets back what a cancelled call took along, with the call counted as it was estimated', async () => {
    upstream.reply(stream('openai', beginning('openai'), 'stall'));
    const environment = new MockActivityEnvironment({ startToCloseTimeoutMs: 40_000 }, QUIET);
    const call = environment.run(activities(priced(), BUDGETS).callModel, within);
    await waitUntil(() => upstream.requests.length === 1);
    environment.cancel();
    const error: unknown = await call.catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(CancelledFailure);
    const [told] = (error as CancelledFailure).details as ModelFailure[];
    expect(told?.slice?.spentNano).toBeGreaterThan(1_000 * 10_000);
  });

  it('is settled, charged and closed by what a run has left', async () => {
    const { settleSlices } = activities(priced(), BUDGETS);
    const slice = { id: 'p/r#1', grantedNano: 9, spentNano: 4 };
    const input = { slices: [slice], unheard: ['p/r#2'], scope: { run: 'p/r' }, project: 'p', besideNano: 7, id: 'e' };
    await settleSlices(input);
    expect(ledger.entries).toEqual([
      { op: 'settle', id: 'p/r#1', spentNano: 4 },
      { op: 'release', id: 'p/r#2' },
      { op: 'charge', id: 'e', scope: { run: 'p/r', team: 'core', job: 'p' }, spentNano: 7 },
      { op: 'close-run', run: 'p/r' },
    ]);
    ledger.isAway = true;
    await expect(settleSlices(input)).rejects.toMatchObject({
      type: 'Budget.Unavailable' satisfies ErrorType,
      nonRetryable: false,
    });
  });

  it('that is not there is charged nothing', async () => {
    const { settleSlices } = activities(priced());
    await settleSlices({ slices: [], unheard: [], scope: { run: 'p/r' }, besideNano: 7, id: 'e' });
    expect(ledger.entries).toEqual([]);
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
    expect(made[0]!.failure).toMatchObject({ type: 'Stage.OutputInvalid', nonRetryable: true });
    expect(made[0]!.told).toMatchObject({ goesOn: true, next: { provider: 'anthropic' } });
    expect(made[0]!.failure!.message).toContain('verdict:');
    expect(made[1]!.result).toMatchObject({ provider: 'anthropic', output: { verdict: 'revise' } });
    const { messages } = upstream.requests[1]!.body as { messages: { role: string; content: { text: string }[] }[] };
    expect(messages.map(({ role }) => role)).toEqual(['user', 'assistant', 'user']);
    expect(messages[1]!.content).toEqual([{ type: 'text', text: '{"verdict":"maybe"}' }]);
    expect(messages[2]!.content[0]!.text).toContain('verdict:');
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
    const { callModel } = activities(openAiOnly());
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
    const { callModel } = activities(openAiOnly());
    const call = environment.run(callModel, INPUT).catch(() => undefined);
    await waitUntil(() => beats.filter(({ characters }) => characters === 8).length > 3);
    environment.cancel();
    await call;
    expect(beats[0]).toEqual({ asking: '', characters: 0 });
    expect(beats.at(-1)).toEqual({ asking: 'openai/gpt-6-sol', characters: 8 });
  });

  it('heartbeats the end of the answer where somebody watches, without secrets', async () => {
    const text = `${'x'.repeat(9_000)} ${SECRET} end`;
    upstream.reply(stream('openai', [openAiChunk({ content: text })], 'stall'));
    const environment = new MockActivityEnvironment({ startToCloseTimeoutMs: 40_000, heartbeatTimeoutMs: 40 }, QUIET);
    let last: CallProgress | undefined;
    environment.on('heartbeat', (details: CallProgress) => (last = details));
    const { callModel } = activities(openAiOnly());
    const call = environment.run(callModel, { ...INPUT, watched: true }).catch(() => undefined);
    await waitUntil(() => last?.characters === text.length);
    environment.cancel();
    await call;
    const shown = text.replace(SECRET, '***');
    expect(last?.tail).toEqual({ from: shown.length - 8_192, text: shown.slice(-8_192) });
  });

  it('ends before Temporal stops waiting for it', async () => {
    upstream.reply(stream('openai', beginning('openai'), 'stall'));
    const { failure, told } = await attempt(openAiOnly(), {}, { startToCloseTimeoutMs: 3_000 });
    expect(failure).toMatchObject({ type: 'Provider.Timeout' });
    expect(told?.goesOn).toBe(true);
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
  upstream.reply(ollamaAnswer(['{"ok":true}']));
  const { result } = await attempt([scriptedModel('ollama', upstream.url)], { output: { ok: 'boolean' } });
  expect(result).toMatchObject({ provider: 'ollama', output: { ok: true }, costNano: 0 });
  expect(upstream.requests[0]).toMatchObject({ url: '/api/chat' });
});
