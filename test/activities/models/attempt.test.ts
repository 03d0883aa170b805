import {
  CallFailed,
  NobodyAvailable,
  type Answered,
  type CallTarget,
} from '../../../activities/models/client/model-client';
import type { Completion } from '../../../activities/providers/model-provider';
import type { Standing } from '../../../contracts/breakers';
import type { BudgetsFile } from '../../../contracts/schemas/config/budgets';
import { anthropicAnswer, beginning, json, ollamaAnswer, openAiAnswer, stream } from '../../support/model-wire';
import { ScriptedPurse, scriptedClient, scriptedModel, tryOf, type ScriptedModel } from '../../support/scripted-models';
import { startUpstream, type ScriptedUpstream } from '../../support/scripted-upstream';

// One call through the whole client and the vendors' SDKs, against a real HTTP server that plays the vendors.

let upstream: ScriptedUpstream;
let anthropic: ScriptedModel;
let openai: ScriptedModel;
beforeEach(async () => {
  upstream = await startUpstream();
  anthropic = scriptedModel('anthropic', upstream.url);
  openai = scriptedModel('openai', upstream.url);
});
afterEach(() => upstream.close());

const TIMEOUTS = { firstEventMs: 5_000, idleMs: 5_000, totalMs: 5_000 };

/** Ask over the wire whoever the client chose. */
const ask =
  (...models: readonly ScriptedModel[]) =>
  async (target: CallTarget): Promise<Answered<string>> => {
    const { provider } = models.find(({ configured }) => configured.name === target.provider)!;
    const messages = [{ role: 'user', content: 'Plan it.' }] as const;
    const request = { model: target.model, messages, timeouts: TIMEOUTS };
    const { text, usage, model, costUsd }: Completion = await provider.complete(request, new AbortController().signal);
    return { value: text, usage: usage!, model, ...(costUsd === undefined ? {} : { costUsd }) };
  };

async function failureOf(attempt: Promise<unknown>): Promise<unknown> {
  return attempt.then(
    () => undefined,
    (error: unknown) => error,
  );
}

const open = (until: number): Standing => ({ state: 'open', why: 'too many failures', until, generation: 3 });
const OVER = { limits: {}, teams: {}, 'alert-at': 80 } as const;
const over = (what: BudgetsFile['over']): { budgets: BudgetsFile } => ({ budgets: { ...OVER, over: what } });
/** What 1,000 tokens in and as many out cost at gpt-4o, in nano-dollars. */
const PRICED = { prices: { '*': { input: 2.5, output: 10 } } };
const ESTIMATE = 12_500_000;
const ACTUAL = 11 * 2_500 + 7 * 10_000;

describe('a call that is answered', () => {
  it('is one request, is settled at what it cost, and is told to both breakers and the profile', async () => {
    openai = scriptedModel('openai', upstream.url, PRICED);
    upstream.reply(openAiAnswer(['Do this.']));
    const { client, breakers, learned } = scriptedClient([openai]);
    const purse = new ScriptedPurse();
    const attempt = await client.attempt(tryOf({ purse, task: 'plan' }), ask(openai));
    expect(attempt).toMatchObject({ value: 'Do this.', model: 'gpt-test-2026', costNano: ACTUAL });
    expect(attempt.candidate).toMatchObject({ provider: 'openai', model: 'gpt-6-sol', estimateNano: ESTIMATE });
    expect(upstream.requests).toHaveLength(1);
    expect([purse.held, purse.settled]).toEqual([[ESTIMATE], [ACTUAL]]);
    expect(breakers.reports).toMatchObject([
      { breaker: 'openai', report: { id: 'try-1', outcome: 'success', generation: 0 } },
      { breaker: 'openai/gpt-6-sol', report: { id: 'try-1', outcome: 'success' } },
    ]);
    expect(learned).toMatchObject([{ task: 'plan', provider: 'openai', ok: true, costNano: ACTUAL }]);
  });

  it('holds nothing where the model costs nothing', async () => {
    const offline = scriptedModel('offline', upstream.url);
    upstream.reply(openAiAnswer(['ok']));
    const purse = new ScriptedPurse(0);
    const attempt = await scriptedClient([offline]).client.attempt(tryOf({ purse }), ask(offline));
    expect(attempt.costNano).toBe(0);
    expect(purse.held).toEqual([]);
  });
});

describe('a call that fails', () => {
  it('is one request, costs nothing where it was refused, and is told to the breaker of its provider', async () => {
    anthropic = scriptedModel('anthropic', upstream.url, PRICED);
    upstream.reply(json(500, { error: { message: 'hunter2-canary broke' } }));
    const { client, breakers, learned } = scriptedClient([anthropic, openai]);
    const purse = new ScriptedPurse();
    const error = await failureOf(client.attempt(tryOf({ purse }), ask(anthropic, openai)));
    expect(error).toBeInstanceOf(CallFailed);
    expect(error).toMatchObject({
      failover: true,
      trial: { provider: 'anthropic', failures: 1, lastType: 'Provider.ServerError', final: false },
    });
    expect((error as CallFailed).message).toContain('anthropic/claude-sonnet-5 (HTTP 500): *** broke');
    expect(upstream.requests).toHaveLength(1);
    expect(purse.settled).toEqual([0]);
    expect(breakers.failures).toMatchObject([
      { breaker: 'anthropic', outcome: { failure: 'transient', message: '*** broke' } },
    ]);
    expect(breakers.reports).toHaveLength(1);
    expect(learned).toEqual([{ task: 'any', provider: 'anthropic', model: 'claude-sonnet-5', ok: false }]);
  });

  it('counts at its estimate where it broke off in the middle of the answer', async () => {
    openai = scriptedModel('openai', upstream.url, PRICED);
    upstream.reply(stream('openai', beginning('openai'), 'reset'));
    const purse = new ScriptedPurse();
    const error = await failureOf(scriptedClient([openai]).client.attempt(tryOf({ purse }), ask(openai)));
    expect(error).toMatchObject({ trial: { final: false } });
    expect(purse.settled).toEqual(['unknown']);
  });

  it('costs nothing where nobody was reached', async () => {
    const gone = await startUpstream();
    await gone.close();
    const nowhere = scriptedModel('openai', gone.url, PRICED);
    const purse = new ScriptedPurse();
    const error = await failureOf(scriptedClient([nowhere]).client.attempt(tryOf({ purse }), ask(nowhere)));
    expect(error).toMatchObject({ trial: { lastType: 'Provider.Network' } });
    expect(purse.settled).toEqual([0]);
  });

  it('with a refused key opens the breaker of the provider, with an unknown model that of the model', async () => {
    const { client, breakers } = scriptedClient([openai]);
    upstream.reply(json(401, {}), json(404, { error: { message: 'no such model' } }));
    await failureOf(client.attempt(tryOf(), ask(openai)));
    await failureOf(client.attempt(tryOf({ attemptId: 'try-2' }), ask(openai)));
    expect(breakers.failures).toMatchObject([
      { breaker: 'openai', outcome: { failure: 'permanent', type: 'Provider.Auth' } },
      { breaker: 'openai/gpt-6-sol', outcome: { failure: 'permanent', type: 'Provider.NotFound' } },
    ]);
  });

  it('is nobody else’s matter where the request itself is refused', async () => {
    upstream.reply(json(400, { error: { message: 'bad tools' } }));
    const { client, breakers, learned } = scriptedClient([openai]);
    const error = await failureOf(client.attempt(tryOf(), ask(openai)));
    expect(error).toMatchObject({ failover: false, trial: { final: true } });
    expect([breakers.reports, learned]).toEqual([[], []]);
  });

  it('that is no failure of a provider passes through, counts at its estimate and is told to nobody', async () => {
    openai = scriptedModel('openai', upstream.url, PRICED);
    const { client, breakers, learned } = scriptedClient([openai]);
    const purse = new ScriptedPurse();
    const broken = new Error('cancelled');
    expect(await failureOf(client.attempt(tryOf({ purse }), () => Promise.reject(broken)))).toBe(broken);
    expect(purse.settled).toEqual(['unknown']);
    expect([breakers.reports, learned]).toEqual([[], []]);
  });

  it('is remembered: the next try asks the next, at its own price', async () => {
    openai = scriptedModel('openai', upstream.url, PRICED);
    const { client } = scriptedClient([anthropic, openai]);
    upstream.reply(json(429, {}, { 'retry-after': '60' }), openAiAnswer(['ok']));
    const first = await failureOf(client.attempt(tryOf(), ask(anthropic, openai)));
    const { trial } = first as CallFailed;
    expect(trial.notBefore).toBeGreaterThan(Date.now() + 50_000);
    const purse = new ScriptedPurse();
    const attempt = await client.attempt(tryOf({ purse, trials: [trial] }), ask(anthropic, openai));
    expect(attempt.candidate.provider).toBe('openai');
    expect(purse.held).toEqual([ESTIMATE]);
  });
});

describe('a breaker', () => {
  it('that is open sends the call to the next provider, and no request leaves for its own', async () => {
    const { client, breakers } = scriptedClient([anthropic, openai]);
    breakers.standings.set('anthropic', open(Date.now() + 60_000));
    upstream.reply(openAiAnswer(['ok']));
    const attempt = await client.attempt(tryOf(), ask(anthropic, openai));
    expect(attempt.candidate.provider).toBe('openai');
    expect(attempt.route.rejected).toMatchObject([{ provider: 'anthropic', kind: 'breaker' }]);
  });

  it('of all of them that is open asks nobody, says when the first may be asked, and feeds no breaker', async () => {
    const { client, breakers } = scriptedClient([anthropic, openai]);
    const [soon, late] = [Date.now() + 30_000, Date.now() + 60_000];
    breakers.standings.set('anthropic', open(late));
    breakers.standings.set('openai/gpt-6-sol', open(soon));
    const error = await failureOf(client.attempt(tryOf(), ask(anthropic, openai)));
    expect(error).toBeInstanceOf(NobodyAvailable);
    expect(error).toMatchObject({ type: 'Provider.Unavailable', retryAt: soon });
    expect((error as Error).message).toContain('anthropic/claude-sonnet-5: the breaker of anthropic is open');
    expect((error as Error).message).toContain('openai/gpt-6-sol: the breaker of openai/gpt-6-sol is open');
    expect([upstream.requests, breakers.reports]).toEqual([[], []]);
  });

  it('of all of them that is open has the last resort answer, where that is too late for who asks', async () => {
    const free = scriptedModel('ollama', upstream.url, { prices: { '*': 'free' } });
    const { client, breakers } = scriptedClient([openai, free], {
      chains: { default: ['openai'] },
      lastResort: 'ollama',
    });
    const soon = Date.now() + 30_000;
    breakers.standings.set('openai', open(soon));
    const waiting = await failureOf(client.attempt(tryOf({ waitsUntil: soon }), ask(openai, free)));
    expect(waiting).toMatchObject({ type: 'Provider.Unavailable', retryAt: soon });
    expect(upstream.requests).toEqual([]);

    upstream.reply(ollamaAnswer(['At home.']));
    const attempt = await client.attempt(tryOf({ waitsUntil: soon - 1 }), ask(openai, free));
    expect(attempt).toMatchObject({ value: 'At home.', candidate: { provider: 'ollama' }, costNano: 0 });
    expect(attempt.route.rejected).toMatchObject([{ provider: 'openai', kind: 'breaker', retryAt: soon }]);
    expect(upstream.requests.map(({ url }) => url)).toEqual(['/api/chat']);
  });

  it('whose probe somebody else was quicker to take has the last resort answer', async () => {
    const free = scriptedModel('ollama', upstream.url, { prices: { '*': 'free' } });
    const { client, breakers } = scriptedClient([openai, free], {
      chains: { default: ['openai'] },
      lastResort: 'ollama',
    });
    breakers.standings.set('openai', { state: 'half-open', generation: 4 });
    breakers.takenBefore = { state: 'half-open', generation: 5, until: Date.now() + 60_000 };
    upstream.reply(ollamaAnswer(['At home.']));
    expect((await client.attempt(tryOf(), ask(openai, free))).candidate.provider).toBe('ollama');
  });

  it('that is half-open lets the call through as its probe, and hears of it in the probe’s generation', async () => {
    const { client, breakers } = scriptedClient([anthropic]);
    breakers.standings.set('anthropic', { state: 'half-open', generation: 4 });
    upstream.reply(anthropicAnswer(['ok']));
    await client.attempt(tryOf({ timeoutMs: 9_000 }), ask(anthropic));
    expect(breakers.probes).toEqual([{ breaker: 'anthropic', who: 'try-1', leaseMs: 9_000 }]);
    expect(breakers.reports[0]).toMatchObject({ breaker: 'anthropic', report: { outcome: 'success', generation: 5 } });
  });

  it('whose probe somebody else has is passed by, and what was held for it goes back', async () => {
    anthropic = scriptedModel('anthropic', upstream.url, PRICED);
    const { client, breakers } = scriptedClient([anthropic, openai]);
    breakers.standings.set('anthropic', { state: 'half-open', generation: 4 });
    breakers.grants = () => false;
    upstream.reply(openAiAnswer(['ok']));
    const purse = new ScriptedPurse();
    const attempt = await client.attempt(tryOf({ purse }), ask(anthropic, openai));
    expect(attempt.candidate.provider).toBe('openai');
    expect([purse.held[0], purse.settled[0]]).toEqual([ESTIMATE, 0]);
    expect(attempt.route.rejected).toMatchObject([{ provider: 'anthropic', kind: 'breaker' }]);
  });

  it('has its probe back when the call is given up, or tells of its provider alone', async () => {
    const { client, breakers } = scriptedClient([openai]);
    breakers.standings.set('openai', { state: 'half-open', generation: 4 });
    const over = new Error('the caller is gone');
    await failureOf(client.attempt(tryOf(), () => Promise.reject(over)));
    expect(breakers.reports).toMatchObject([{ breaker: 'openai', report: { outcome: 'abandoned', generation: 5 } }]);
    breakers.reports.length = 0;
    breakers.standings.set('openai', { state: 'closed', generation: 6 });
    breakers.standings.set('openai/gpt-6-sol', { state: 'half-open', generation: 1 });
    upstream.reply(json(503, {}));
    await failureOf(client.attempt(tryOf({ attemptId: 'try-2' }), ask(openai)));
    expect(breakers.reports).toMatchObject([
      { breaker: 'openai', report: { outcome: { failure: 'transient' } } },
      { breaker: 'openai/gpt-6-sol', report: { outcome: 'abandoned', generation: 2 } },
    ]);
  });

  it('of a provider whose probe is taken in vain, because that of the model is not to be had, has it back', async () => {
    const { client, breakers } = scriptedClient([openai]);
    breakers.standings.set('openai', { state: 'half-open', generation: 4 });
    breakers.standings.set('openai/gpt-6-sol', { state: 'half-open', generation: 1 });
    breakers.grants = (breaker) => breaker === 'openai';
    await failureOf(client.attempt(tryOf(), ask(openai)));
    expect(upstream.requests).toEqual([]);
    expect(breakers.reports).toMatchObject([{ breaker: 'openai', report: { outcome: 'abandoned', generation: 5 } }]);
  });

  it('learns from a refused request that its provider is there again', async () => {
    const { client, breakers } = scriptedClient([openai]);
    breakers.standings.set('openai', { state: 'half-open', generation: 1 });
    upstream.reply(json(400, { error: { message: 'bad tools' } }));
    await failureOf(client.attempt(tryOf(), ask(openai)));
    expect(breakers.reports).toMatchObject([{ breaker: 'openai', report: { outcome: 'success', generation: 2 } }]);
  });
});

it('a dearer model that steps in is held for at its own price, and not asked where that is too much', async () => {
  const cheap = scriptedModel('anthropic', upstream.url, { prices: { '*': { input: 0.1, output: 0.1 } } });
  const dear = scriptedModel('openai', upstream.url, PRICED);
  upstream.reply(json(500, {}));
  const { client } = scriptedClient([cheap, dear]);
  const purse = new ScriptedPurse(ESTIMATE - 1);
  const failed = await failureOf(client.attempt(tryOf({ purse }), ask(cheap, dear)));
  if (!(failed instanceof CallFailed)) throw failed;
  const trials = [{ ...failed.trial, final: true }];
  const error = await failureOf(client.attempt(tryOf({ purse, trials, attemptId: 'try-2' }), ask(cheap, dear)));
  expect(error).toMatchObject({ type: 'Budget.Exhausted' });
  expect(upstream.requests.map(({ body }) => body['model'])).toEqual(['claude-sonnet-5']);
  expect([purse.held, purse.settled]).toEqual([[200_000], [0]]);
});

describe('a budget with too little left', () => {
  beforeEach(() => {
    openai = scriptedModel('openai', upstream.url, PRICED);
  });
  const nextMonth = Date.now() + 1_000_000;
  const purse = () => new ScriptedPurse(ESTIMATE - 1, nextMonth);

  it.each([
    ['stop', undefined],
    ['queue', nextMonth],
  ] as const)('asks nobody (%s)', async (what, retryAt) => {
    const { client, breakers } = scriptedClient([openai], over(what));
    const error = await failureOf(client.attempt(tryOf({ purse: purse() }), ask(openai)));
    expect(error).toMatchObject({ type: 'Budget.Exhausted', retryAt });
    expect((error as Error).message).toContain('acme has $0.00 of $10.00 left this month');
    expect([upstream.requests, breakers.reports]).toEqual([[], []]);
  });

  it('asks whoever costs nothing (local), and says so', async () => {
    const ollama = scriptedModel('ollama', upstream.url);
    upstream.reply({
      ...json(200, {}),
      chunks: [JSON.stringify({ message: { content: 'ok' }, done: true, model: 'm' })],
    });
    const { client } = scriptedClient([openai, ollama], over('local'));
    const attempt = await client.attempt(tryOf({ purse: purse() }), async ({ provider }) => ({
      ...{ value: provider, model: 'qwen3:8b', usage: { input: 1, output: 1 } },
    }));
    expect(attempt).toMatchObject({ value: 'ollama', costNano: 0 });
    expect(attempt.overBudget).toContain('acme has $0.00');
  });

  it('that has nobody local to ask says both', async () => {
    const { client } = scriptedClient([openai], over('local'));
    const error = await failureOf(client.attempt(tryOf({ purse: purse() }), ask(openai)));
    expect(error).toMatchObject({ type: 'Budget.Exhausted' });
    expect((error as Error).message).toContain('Nobody who costs nothing can be asked instead');
  });
});

it('who answered before goes first, where it may be asked', async () => {
  const { client, breakers } = scriptedClient([anthropic, openai]);
  const first = { provider: 'openai', model: 'gpt-6-sol' };
  upstream.reply(openAiAnswer(['ok']), anthropicAnswer(['ok']));
  expect((await client.attempt(tryOf({ first }), ask(anthropic, openai))).candidate.provider).toBe('openai');
  breakers.standings.set('openai', open(Date.now() + 60_000));
  expect((await client.attempt(tryOf({ first }), ask(anthropic, openai))).candidate.provider).toBe('anthropic');
});

it('a model whose price nobody knows is not asked where money is counted', async () => {
  const unpriced = scriptedModel('openai', upstream.url, { baseUrl: 'http://nobody.test' });
  const { vendor: _vendor, ...configured } = unpriced.configured;
  const { client } = scriptedClient([{ ...unpriced, configured }]);
  const purse = new ScriptedPurse();
  const error = await failureOf(client.attempt(tryOf({ purse }), ask(unpriced)));
  expect(error).toMatchObject({ type: 'Provider.Unavailable', rejected: [{ kind: 'budget' }] });
  expect((error as Error).message).toContain('nobody knows what it costs: set its prices');
  upstream.reply(openAiAnswer(['ok']));
  expect((await client.attempt(tryOf(), ask(unpriced))).costNano).toBeUndefined();
});

it('without a provider nobody can be asked', async () => {
  expect(await failureOf(scriptedClient([]).client.attempt(tryOf(), ask()))).toMatchObject({ type: 'Provider.None' });
});

it('a policy that forbids them all is what is told', async () => {
  const policies = [{ name: 'no-us', mode: 'HARD', deny: ['openai'] }] as const;
  const { client } = scriptedClient([openai], { policies: policies.map((one) => ({ ...one, deny: [...one.deny] })) });
  const error = await failureOf(client.attempt(tryOf(), ask(openai)));
  expect(error).toMatchObject({ type: 'Policy.Denied', route: { findings: [{ policy: 'no-us', mode: 'HARD' }] } });
});
