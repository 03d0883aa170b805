import { approveUpdate } from '../../contracts/messages';
import { createModelActivities } from '../../activities/models/create-model-activities';
import type { ModelPorts } from '../../activities/models/ports';
import type { Activities } from '../../contracts/activities';
import type { LedgerAnswer, LedgerEntry } from '../../contracts/budgets';
import type { ModelActivities } from '../../contracts/models';
import type { AuditKind } from '../../contracts/run';
import type { BudgetsFile } from '../../contracts/schemas/config/budgets';
import type { RouteFacts } from '../../contracts/routing/facts';
import { FakeHost } from '../support/fake-host';
import {
  anthropicAnswer,
  beginning,
  json,
  ollamaAnswer,
  ollamaLine,
  openAiAnswer,
  stream,
} from '../support/model-wire';
import { pipeline } from '../support/pipelines';
import { RunHarness, type RunHandle } from '../support/run-harness';
import { ScriptedBreakers, scriptedClient, scriptedModel, type ScriptedModel } from '../support/scripted-models';
import { startUpstream, type Reply, type ScriptedUpstream } from '../support/scripted-upstream';
import { waitUntil } from '../support/wait-until';

// Real workflow, server and SDKs: what one call learns must reach the next one through Temporal.

let upstream: ScriptedUpstream;
let harness: RunHarness;
let breakers: ScriptedBreakers;
let ledger: ScriptedLedger;
beforeEach(async () => {
  upstream = await startUpstream();
  breakers = new ScriptedBreakers();
  ledger = new ScriptedLedger();
});
afterEach(async () => {
  await harness.stop();
  await upstream.close();
});

class HostWithModels extends FakeHost {
  constructor(private readonly models: ModelActivities) {
    super();
  }

  override activities(): Activities {
    return { ...super.activities(), ...this.models };
  }
}

/** A ledger that refuses until a time, and remembers what was booked. */
class ScriptedLedger {
  readonly entries: LedgerEntry[] = [];
  refusesUntil = 0;

  readonly book = async (entries: readonly LedgerEntry[]): Promise<readonly LedgerAnswer[]> => {
    this.entries.push(...entries);
    return entries.map((entry): LedgerAnswer => {
      if (entry.op !== 'draw') return { outcome: 'booked' };
      if (this.refusesUntil <= Date.now()) return { outcome: 'held', grantedNano: entry.amountNano };
      const account = { level: 'org', account: 'acme', window: 'day' } as const;
      const figures = { limitNano: 9, settledNano: 9, heldNano: 0, askedNano: entry.atLeastNano };
      return { outcome: 'refused', ...account, ...figures, retryAt: this.refusesUntil };
    });
  };

  ops(): string[] {
    return this.entries.map(({ op }) => op);
  }
}

async function serve(
  models: readonly ScriptedModel[],
  budgets?: BudgetsFile,
  more: Partial<RouteFacts['config']> = {},
): Promise<void> {
  const config = { ...(budgets !== undefined && { budgets }), ...more };
  const ports: ModelPorts = {
    ...{ client: scriptedClient(models, config, breakers).client, config, ledger },
    providers: models.map(({ provider }) => provider),
    readText: async (text) => ('inline' in text ? text.inline : text.head),
    storeText: async (text) => ({ inline: text }),
    redact: (text) => text,
    log: { info: () => undefined, warn: () => undefined },
  };
  harness = await RunHarness.start(new HostWithModels(createModelActivities(ports)));
}

const PRICED = { prices: { '*': { input: 2.5, output: 10 } } };
const both = () => [scriptedModel('anthropic', upstream.url), scriptedModel('openai', upstream.url)];
const priced = () => [scriptedModel('openai', upstream.url, PRICED)];
const asked = () => upstream.requests.map(({ body }) => body['model']);
const retry = { attempts: 6, delay: '100ms' };
const planned = (more: object = {}) => pipeline({ stages: { plan: { prompt: 'Plan.', retry, ...more } } });

async function trailOf(run: RunHandle, ...what: AuditKind[]): Promise<string[]> {
  const trail = await run.audit();
  return trail.filter((entry) => what.includes(entry.what)).map((entry) => `${entry.what} ${entry.text}`);
}

describe('a stage that asks models', () => {
  it('asks the one that refuses its key once, and the others in turn; the trail says who and why', async () => {
    await serve(both());
    upstream.reply(json(401, {}), json(500, {}), json(503, {}), openAiAnswer(['The plan.']));
    const run = await harness.start(planned());
    const { status, view } = await run.result();
    expect(status).toBe('SUCCESS');
    expect(asked()).toEqual(['claude-sonnet-5', 'gpt-6-sol', 'gpt-6-sol', 'gpt-6-sol']);
    expect(view.stages[0]).toMatchObject({
      output: 'The plan.',
      by: 'gpt-test-2026 (openai)',
      note: '18 tokens, 4 calls',
      tokens: 18,
      attempt: 1,
    });
    const routed = await trailOf(run, 'model.routed');
    expect(routed).toHaveLength(4);
    expect(routed[0]).toContain('anthropic/claude-sonnet-5 by the order of the providers');
    expect((await trailOf(run, 'model.failed')).map((line) => line.split(':').slice(0, 2).join(':'))).toEqual([
      'model.failed anthropic/claude-sonnet-5: Provider.Auth',
      'model.failed openai/gpt-6-sol: Provider.ServerError',
      'model.failed openai/gpt-6-sol: Provider.Overloaded',
    ]);
    expect(await trailOf(run, 'model.waits')).toHaveLength(2);
    expect(breakers.failures.map(({ breaker }) => breaker)).toEqual(['anthropic', 'openai', 'openai']);
  });

  it('goes on with the next provider where the first is down', async () => {
    const gone = await startUpstream();
    await gone.close();
    await serve([scriptedModel('anthropic', gone.url), scriptedModel('openai', upstream.url)]);
    upstream.reply(openAiAnswer(['One.']));
    const run = await harness.start(planned());
    expect((await run.result()).view.stages[0]).toMatchObject({ output: 'One.', attempt: 1 });
    expect((await trailOf(run, 'model.failed'))[0]).toContain('anthropic/claude-sonnet-5: Provider.Network');
  });

  it('does not wait for the one that asks to be left alone for an hour', async () => {
    await serve(both());
    upstream.reply(json(429, {}, { 'retry-after': '3600' }), openAiAnswer(['Two.']));
    const run = await harness.start(planned());
    expect((await run.result()).view.stages[0]).toMatchObject({ output: 'Two.', attempt: 1 });
    expect(await trailOf(run, 'model.waits')).toEqual([]);
  });

  it('tells a model what was wrong with its answer, and counts what that cost', async () => {
    await serve([scriptedModel('anthropic', upstream.url, PRICED)]);
    upstream.reply(anthropicAnswer(['{"title":1}']), anthropicAnswer(['{"title":"Percent"}']));
    const run = await harness.start(planned({ output: { title: 'string' } }));
    const { view } = await run.result();
    expect(view.stages[0]).toMatchObject({ status: 'succeeded', output: { title: 'Percent' } });
    expect(JSON.stringify(upstream.requests[1]!.body['messages'])).toContain('That answer cannot be used: title:');
    expect(view.costUsd).toBeCloseTo((2 * (11 * 2.5 + 7 * 10)) / 1e6, 9);
  });

  it('fails with the reasons of all when each has failed for good', async () => {
    await serve(both());
    upstream.reply(json(401, {}), json(402, { error: { message: 'Insufficient credits' } }));
    const run = await harness.start(planned());
    const { view } = await run.result();
    expect(view.stages[0]?.failure).toMatchObject({ type: 'Provider.Unavailable' });
    expect(view.stages[0]?.failure?.message).toContain('anthropic/claude-sonnet-5: would fail again: Provider.Auth');
    expect(view.stages[0]?.failure?.message).toContain('Insufficient credits. Add credit');
    expect(upstream.requests).toHaveLength(2);
  });

  it('fails under its own name when the attempts at its one provider are used up', async () => {
    await serve(priced());
    upstream.reply(json(500, {}), json(500, {}));
    const run = await harness.start(planned({ retry: { attempts: 2, delay: '10ms' } }));
    const { view } = await run.result();
    expect(view.stages[0]?.failure).toMatchObject({ type: 'Provider.ServerError' });
    expect(upstream.requests).toHaveLength(2);
  });
});

describe('policies', () => {
  const rule = (name: string, mode: 'HARD' | 'SOFT' | 'MONITOR', ...deny: string[]) => ({ name, mode, deny });

  it('shut out (HARD), put last (SOFT) or only tell (MONITOR), and the trail has every finding', async () => {
    const policies = [
      rule('not-abroad', 'HARD', 'anthropic'),
      rule('better-not', 'SOFT', 'openai'),
      rule('seen', 'MONITOR', 'ollama'),
    ];
    const free = scriptedModel('ollama', upstream.url);
    await serve([...both(), free], undefined, { policies });
    upstream.reply(json(404, {}), openAiAnswer(['ok']));
    const run = await harness.start(planned());
    const { view } = await run.result();
    expect(view.stages[0]).toMatchObject({ output: 'ok' });
    expect(upstream.requests.map(({ url }) => url)).toEqual(['/api/chat', '/v1/chat/completions']);
    expect((await trailOf(run, 'policy.found')).sort()).toEqual([
      expect.stringContaining('HARD not-abroad: anthropic/claude-sonnet-5: '),
      expect.stringContaining('MONITOR seen: ollama/qwen3:8b: '),
      expect.stringContaining('SOFT better-not: openai/gpt-6-sol: '),
    ]);
  });

  it('that leave nobody end the stage before anybody is asked, under their own name', async () => {
    await serve(both(), undefined, { policies: [rule('at-home', 'HARD', 'anthropic', 'openai')] });
    const run = await harness.start(planned());
    const { view } = await run.result();
    expect(view.stages[0]?.failure?.type).toBe('Policy.Denied');
    expect(upstream.requests).toEqual([]);
    expect((await trailOf(run, 'policy.found')).length).toBe(2);
  });
});

describe('a judge', () => {
  it('is asked by the way all models are: behind an open breaker nobody judges, and no request leaves', async () => {
    await serve(both());
    breakers.standings.set('openai', { state: 'open', why: 'down', until: Date.now() + 3_600_000, generation: 1 });
    upstream.reply(anthropicAnswer(['A plan.']));
    const evaluate = { judge: 'Is it a plan?', model: 'openai' };
    const run = await harness.start(planned({ model: 'anthropic', timeout: '1m', evaluate }));
    const { view } = await run.result();
    expect(view.stages[0]?.failure).toMatchObject({ type: 'Evaluation.JudgeFailed' });
    expect(view.stages[0]?.failure?.message).toContain('the breaker of openai is open (down)');
    expect(asked()).toEqual(['claude-sonnet-5']);
  });
});

describe('while all breakers are open', () => {
  const close = (forMs: number): void => {
    const until = Date.now() + forMs;
    breakers.standings.set('anthropic', { state: 'open', why: 'usage limit', until: until + 60_000, generation: 1 });
    breakers.standings.set('openai', { state: 'open', why: 'overloaded', until, generation: 1 });
  };

  it('a stage waits for the first of them, also while the worker is away, and that is no attempt', async () => {
    await serve(both());
    close(2_500);
    upstream.reply(openAiAnswer(['At last.']));
    const run = await harness.start(planned({ retry: { attempts: 1 } }));
    await waitUntil(async () => (await trailOf(run, 'model.waits')).length === 1);
    expect((await trailOf(run, 'model.waits'))[0]).toContain(
      'openai/gpt-6-sol: the breaker of openai is open (overloaded)',
    );
    await harness.stopWorkers();
    expect(upstream.requests).toHaveLength(0);
    await harness.startWorkers();
    const { view } = await run.result();
    expect(view.stages[0]).toMatchObject({ output: 'At last.', attempt: 1 });
    expect(breakers.probes).toMatchObject([{ breaker: 'openai' }]);
    expect(asked()).toEqual(['gpt-6-sol']);
  });

  it('a stage whose time ends before that fails at once, with who is closed and until when', async () => {
    await serve(both());
    close(3_600_000);
    const run = await harness.start(planned({ timeout: '1m' }));
    const { status, view } = await run.result();
    expect(status).toBe('SYSTEM_FAILURE');
    expect(view.stages[0]?.failure?.type).toBe('Provider.Unavailable');
    expect(view.stages[0]?.failure?.message).toMatch(
      /anthropic\/.*until .*openai\/.*until .*Nobody is asked after .* when its time ends/,
    );
  });

  it('a stage whose time ends before that is answered by the last resort, where there is one', async () => {
    const free = scriptedModel('ollama', upstream.url);
    await serve([...both(), free], undefined, { chains: { default: ['anthropic', 'openai'] }, lastResort: 'ollama' });
    close(3_600_000);
    upstream.reply(ollamaAnswer(['At home.']));
    const run = await harness.start(planned({ timeout: '1m' }));
    const { view } = await run.result();
    expect(view.stages[0]).toMatchObject({ output: 'At home.', attempt: 1 });
    expect(await trailOf(run, 'model.waits')).toEqual([]);
    expect((await trailOf(run, 'model.routed'))[0]).toContain('answers where everybody else is out of order');
  });

  it('a stage waits for the first of them although there is a last resort, as long as its time allows', async () => {
    const free = scriptedModel('ollama', upstream.url);
    await serve([...both(), free], undefined, { chains: { default: ['anthropic', 'openai'] }, lastResort: 'ollama' });
    close(1_500);
    upstream.reply(openAiAnswer(['Well again.']));
    const { view } = await (await harness.start(planned())).result();
    expect(view.stages[0]).toMatchObject({ output: 'Well again.', attempt: 1 });
    expect(asked()).toEqual(['gpt-6-sol']);
  });

  it('a run that grows long goes on as new, and its stage goes on waiting with what it knows', async () => {
    await serve([scriptedModel('openai', upstream.url)]);
    upstream.reply(json(500, {}), openAiAnswer(['At last.']));
    const definition = pipeline({
      stages: {
        plan: { prompt: 'Plan.', retry: { attempts: 2, delay: '3s' } },
        beside: { matrix: { of: [1, 2, 3, 4, 5, 6] }, run: 'x {{ matrix.of }}', workspace: 'none' },
      },
    });
    const run = await harness.start(definition, { limits: { historyEvents: 25 } });
    const first = (await run.workflow.describe()).runId;
    const { status, view } = await run.result();
    expect((await run.workflow.describe()).runId).not.toBe(first);
    expect(status).toBe('SUCCESS');
    expect(view.stages.find(({ key }) => key === 'plan')).toMatchObject({ attempt: 1, turn: 1, output: 'At last.' });
    expect(upstream.requests).toHaveLength(2);
    const trail = await run.audit();
    const until = trail.find(({ what }) => what === 'model.waits')!.text.slice('until '.length, 'until '.length + 24);
    const answered = trail.findLast(({ what }) => what === 'model.routed')!;
    expect(answered.at).toBeGreaterThanOrEqual(Date.parse(until));
  });
});

describe('a budget', () => {
  const BUDGETS: BudgetsFile = { limits: {}, teams: {}, over: 'stop', 'alert-at': 80, slice: 100_000_000 };

  it('is drawn from once for all calls of a run, and settled with what was spent', async () => {
    await serve(priced(), BUDGETS);
    upstream.reply(openAiAnswer(['One.']), openAiAnswer(['Two.']));
    const run = await harness.start(pipeline({ stages: { one: { prompt: '1' }, two: { needs: 'one', prompt: '2' } } }));
    await run.result();
    const [draw, settle, close] = ledger.entries;
    expect(ledger.ops()).toEqual(['draw', 'settle', 'close-run']);
    expect(draw).toMatchObject({ scope: { run: expect.stringContaining('calculator/') as string } });
    expect(settle).toMatchObject({ id: (draw as { id: string }).id, spentNano: 2 * (11 * 2_500 + 7 * 10_000) });
    expect(close).toMatchObject({ run: (draw as { scope: { run: string } }).scope.run });
  });

  it('gives back what it holds while people are asked, and draws anew after it', async () => {
    await serve(priced(), BUDGETS);
    upstream.reply(openAiAnswer(['One.']), openAiAnswer(['Two.']));
    const stages = { one: { prompt: '1' }, ok: { needs: 'one', gate: {} }, two: { needs: 'ok', prompt: '2' } };
    const run = await harness.start(pipeline({ stages }));
    await run.untilGate('ok');
    await waitUntil(() => ledger.ops().includes('settle'));
    expect(ledger.ops()).toEqual(['draw', 'settle']);
    await run.workflow.executeUpdate(approveUpdate, { args: [{ gate: 'ok', who: 'lead' }] });
    await run.result();
    expect(ledger.ops()).toEqual(['draw', 'settle', 'draw', 'settle', 'close-run']);
    const spent = 11 * 2_500 + 7 * 10_000;
    const settled = ledger.entries.flatMap((entry) => (entry.op === 'settle' ? [entry.spentNano] : []));
    expect(settled).toEqual([spent, spent]);
  });

  it('is closed at the end where all was given back before', async () => {
    await serve(priced(), BUDGETS);
    upstream.reply(openAiAnswer(['One.']));
    const run = await harness.start(pipeline({ stages: { one: { prompt: '1' }, ok: { needs: 'one', gate: {} } } }));
    await run.untilGate('ok');
    await waitUntil(() => ledger.ops().includes('settle'));
    await run.workflow.executeUpdate(approveUpdate, { args: [{ gate: 'ok', who: 'lead' }] });
    await run.result();
    expect(new Set(ledger.ops())).toEqual(new Set(['draw', 'settle', 'close-run']));
    expect(ledger.ops().at(-1)).toBe('close-run');
  });

  it('counts a call that broke off, and so does the run: its trail says that nobody knows what it cost', async () => {
    await serve(priced(), BUDGETS);
    upstream.reply(stream('openai', beginning('openai'), 'reset'), openAiAnswer(['Two.']));
    const run = await harness.start(planned());
    const { view } = await run.result();
    const settled = ledger.entries.flatMap((entry) => (entry.op === 'settle' ? [entry.spentNano] : []));
    expect(settled).toEqual([expect.any(Number)]);
    expect(settled[0]).toBeGreaterThan(40_000_000);
    expect(view.costUsd).toBeCloseTo(settled[0]! / 1e9, 9);
    expect((await trailOf(run, 'model.failed'))[0]).toMatch(/Nobody knows what it cost: \$0\.04\d+ counts as spent\.$/);
  });

  it('that is over stops the run, which can be resumed', async () => {
    await serve(priced(), BUDGETS);
    ledger.refusesUntil = Date.now() + 3_600_000;
    const run = await harness.start(planned({ 'on-failure': 'continue' }));
    const { status, view } = await run.result();
    expect(status).toBe('BUDGET_EXHAUSTED');
    expect(view.failure).toMatchObject({ type: 'Budget.Exhausted' });
    expect(view.failure?.message).toContain('The organisation acme may spend');
    expect(upstream.requests).toHaveLength(0);
  });

  it('that is waited for lets the call through when its window begins anew', async () => {
    await serve(priced(), { ...BUDGETS, over: 'queue' });
    ledger.refusesUntil = Date.now() + 1_500;
    upstream.reply(openAiAnswer(['Later.']));
    const run = await harness.start(planned());
    expect((await run.result()).view.stages[0]).toMatchObject({ output: 'Later.' });
    expect((await trailOf(run, 'model.waits'))[0]).toContain('Budget.Exhausted');
  });

  it('that is over lets a model answer that costs nothing, and the trail says so', async () => {
    await serve([...priced(), scriptedModel('offline', upstream.url, { standIn: false, prices: { '*': 'free' } })], {
      ...BUDGETS,
      over: 'local',
    });
    ledger.refusesUntil = Date.now() + 3_600_000;
    upstream.reply(openAiAnswer(['Locally.']));
    const run = await harness.start(planned({ model: 'gpt-6-sol' }));
    expect((await run.result()).view.stages[0]).toMatchObject({ output: 'Locally.', by: 'gpt-test-2026 (offline)' });
    expect(await trailOf(run, 'budget.local')).toHaveLength(1);
  });

  it('that is over asks an Ollama in its own protocol for a context the prompt fits in, and takes no answer to half of it', async () => {
    await serve([...priced(), scriptedModel('ollama', upstream.url)], { ...BUDGETS, over: 'local' });
    ledger.refusesUntil = Date.now() + 3_600_000;
    const long = 'word '.repeat(8_000);
    const read = (prompt_eval_count: number): Reply =>
      stream('ollama', [ollamaLine('Short.'), ollamaLine('', { done: true, done_reason: 'stop', prompt_eval_count })]);
    upstream.reply(read(10_200), read(2_048));
    const whole = await harness.start(pipeline({ stages: { plan: { prompt: long, retry } } }));
    expect((await whole.result()).view.stages[0]).toMatchObject({
      output: 'Short.',
      by: expect.stringContaining('ollama') as string,
    });
    const half = await harness.start(pipeline({ stages: { plan: { prompt: long, retry } } }));
    const { failure } = (await half.result()).view.stages[0] ?? {};
    expect(failure?.message).toContain('Ollama cut the prompt: it read 2048 tokens');
    expect(upstream.requests.map(({ url }) => url)).toEqual(['/api/chat', '/api/chat']);
    expect(upstream.requests[0]?.body).toMatchObject({ truncate: false, options: { num_ctx: 32_768 } });
  });

  it('of a run is what slices may take, less what was spent beside them', async () => {
    await serve(priced());
    harness.host.on('work', { costUsd: 0.4 });
    upstream.reply(openAiAnswer(['One.']));
    const stages = { work: { agent: 'coder', prompt: 'x' }, plan: { needs: 'work', prompt: 'Plan.' } };
    const run = await harness.start(pipeline({ budget: 1, stages }));
    await run.result();
    expect(ledger.entries[0]).toMatchObject({ op: 'draw', runLimitNano: 600_000_000 });
  });

  it('is settled when the run is cancelled in the middle of a call, which counts as it was estimated', async () => {
    await serve(priced(), BUDGETS);
    upstream.reply(stream('openai', beginning('openai'), 'stall'));
    const run = await harness.start(planned());
    await waitUntil(() => upstream.requests.length === 1);
    await run.workflow.cancel();
    await waitUntil(() => ledger.ops().includes('settle'));
    const settle = ledger.entries.find(({ op }) => op === 'settle');
    expect((settle as { spentNano: number }).spentNano).toBeGreaterThan(1_000_000);
    expect(upstream.requests[0]!.aborted).toBe(true);
  });
});
