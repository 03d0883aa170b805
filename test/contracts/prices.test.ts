import { calcPrice } from '@pydantic/genai-prices';
import fc from 'fast-check';
import { toDollars } from '../../contracts/money';
import { createPriceBook, type PricedProvider, type TokenUsage } from '../../contracts/prices';

const NOON = Date.UTC(2026, 10, 21, 12);
/** Prices of this vendor are higher then. */
const PEAK = Date.UTC(2026, 10, 21, 2);

const some = (name: string, more: Partial<PricedProvider> = {}): PricedProvider => ({
  name,
  protocol: 'openai',
  baseUrl: `http://${name}.test/v1`,
  prices: {},
  standIn: false,
  ...more,
});

const PROVIDERS = [
  some('openai', { vendor: 'openai' }),
  some('anthropic', { vendor: 'anthropic', protocol: 'anthropic' }),
  some('deepseek', { vendor: 'deepseek' }),
  some('perplexity', { vendor: 'perplexity' }),
  some('router', { vendor: 'openrouter' }),
  some('seek', { baseUrl: 'https://api.deepseek.com/v1' }),
  some('local', { protocol: 'ollama', vendor: 'ollama' }),
  some('leased', { protocol: 'ollama', prices: { '*': { input: 1, output: 2 }, tiny: 'free' } }),
  some('offline', { standIn: true }),
  some('here', { vendor: 'localai' }),
  some('desk', { vendor: 'anythingllm' }),
  some('own', { prices: { big: { input: 3, output: 15, 'cache-read': 0.3 }, '*': { input: 1, output: 1 } } }),
  some('given', { vendor: 'openai', prices: { 'gpt-4o': { input: 0, output: 0 } } }),
];
const book = createPriceBook(PROVIDERS);
const MILLION = 1_000_000;

const costOf = (
  provider: string,
  model: string,
  usage: Partial<TokenUsage> = {},
  more: { readonly answered?: string; readonly costUsd?: number; readonly at?: number } = {},
): number | undefined => {
  const { answered = model, at = NOON, costUsd } = more;
  const nano = book.cost(
    { provider, model },
    {
      model: answered,
      usage: { input: MILLION, output: 0, ...usage },
      ...(costUsd !== undefined && { costUsd }),
    },
    at,
  );
  return nano === undefined ? undefined : toDollars(nano);
};

const estimateOf = (provider: string, model: string, input = MILLION, output = 0, at = NOON): number | undefined => {
  const nano = book.estimate({ provider, model }, { input, output }, at);
  return nano === undefined ? undefined : toDollars(nano);
};

describe('what a call cost', () => {
  it('is read from the price list', () => {
    expect(costOf('openai', 'gpt-4o')).toBe(2.5);
  });

  it('is less for tokens that were read from a cache', () => {
    const whole = costOf('anthropic', 'claude-sonnet-4-5', { input: 100_000 })!;
    const cached = costOf('anthropic', 'claude-sonnet-4-5', { input: 100_000, cacheRead: 90_000 })!;
    expect(cached).toBeGreaterThan(0);
    expect(cached).toBeLessThan(whole / 4);
  });

  it('is found by the address of a compatible provider', () => {
    expect(costOf('seek', 'deepseek-chat')).toBeGreaterThan(0);
  });

  it('is what the provider says it charged, whatever else is known', () => {
    expect(costOf('router', 'any', {}, { costUsd: 0.0123 })).toBe(0.0123);
    expect(costOf('own', 'big', {}, { costUsd: 0 })).toBe(0);
    expect(costOf('local', 'llama', {}, { costUsd: 0.5 })).toBe(0.5);
  });

  it.each([Number.NaN, -1, Infinity])('is not %d because a provider says so', (costUsd) => {
    expect(costOf('openai', 'gpt-4o', {}, { costUsd })).toBe(2.5);
  });

  it('is that of the model that answered, else of the one that was asked', () => {
    expect(costOf('openai', 'gpt-4o', {}, { answered: 'gpt-4o-mini' })).toBe(costOf('openai', 'gpt-4o-mini'));
    expect(costOf('openai', 'gpt-4o', {}, { answered: 'no-such-model' })).toBe(2.5);
  });

  it('is by the price that the configuration sets, of the one that answered before that of all', () => {
    expect(costOf('own', 'big')).toBe(3);
    expect(costOf('own', 'big', { input: 0, output: MILLION })).toBe(15);
    expect(costOf('own', 'big', { cacheRead: 500_000 })).toBe(1.65);
    expect(costOf('own', 'big', { cacheWrite: 500_000 })).toBe(3);
    expect(costOf('own', 'other')).toBe(1);
    expect(costOf('own', 'other', {}, { answered: 'big' })).toBe(3);
    expect(costOf('own', 'big', {}, { answered: 'big-2026-11-01' })).toBe(3);
  });

  it('is nothing where nobody charges', () => {
    expect(costOf('offline', 'offline-scripted')).toBe(0);
    expect(costOf('local', 'llama')).toBe(0);
    expect(costOf('leased', 'tiny')).toBe(0);
    expect(costOf('local', 'llama', { input: 1, cacheRead: 5 })).toBe(0);
  });

  it.each([
    ['a model nobody lists', 'openai', 'no-such-model', {}],
    ['an address nobody lists', 'nobody', 'gpt-4o', {}],
    ['a provider that is not there', 'gone', 'gpt-4o', {}],
    ['counts that contradict each other', 'anthropic', 'claude-sonnet-4-5', { input: 1, cacheRead: 5 }],
    ['counts that contradict each other, with a set price', 'own', 'big', { input: 1, cacheRead: 5 }],
    ['a negative count', 'own', 'big', { input: -7 }],
  ])('is unknown, which is not nothing, for %s', (_what, name, model, usage) => {
    expect(costOf(name, model, usage)).toBeUndefined();
  });
});

describe('what a call is estimated at', () => {
  it('is rounded up, and unknown where no price is', () => {
    expect(book.estimate({ provider: 'own', model: 'big' }, { input: 1, output: 0 }, NOON)).toBe(3_000);
    expect(book.estimate({ provider: 'local', model: 'x' }, { input: 1, output: 1 }, NOON)).toBe(0);
    expect(estimateOf('openai', 'no-such-model')).toBeUndefined();
    expect(estimateOf('gone', 'gpt-4o')).toBeUndefined();
  });

  it('follows the hour where prices do, also when it was asked before', () => {
    const noon = estimateOf('deepseek', 'deepseek-v4-flash')!;
    expect(estimateOf('deepseek', 'deepseek-v4-flash', MILLION, 0, PEAK)).toBe(noon * 2);
    expect(estimateOf('deepseek', 'deepseek-v4-flash')).toBe(noon);
  });

  it('follows the size where prices do', () => {
    const small = estimateOf('openai', 'gpt-6-astra', 100_000)!;
    expect(estimateOf('openai', 'gpt-6-astra', 1_000_000)).toBe(small * 20);
  });

  it('knows what a call costs beside its tokens', () => {
    expect(estimateOf('perplexity', 'sonar-pro', 0)).toBe(0.014);
  });

  it('is what the price list says, for every kind of price', () => {
    const listed = fc.constantFrom(
      ['openai', 'openai', 'gpt-4o'],
      ['openai', 'openai', 'gpt-6-astra'],
      ['anthropic', 'anthropic', 'claude-sonnet-5'],
      ['deepseek', 'deepseek', 'deepseek-v4-flash'],
      ['perplexity', 'perplexity', 'sonar-pro'],
      ['router', 'openrouter', 'anthropic/claude-sonnet-4.5'],
    );
    const tokens = fc.record({ input: fc.nat(1_500_000), output: fc.nat(200_000) });
    const times = fc.integer({ min: Date.UTC(2026, 0, 1), max: Date.UTC(2027, 5, 1) });
    fc.assert(
      fc.property(listed, tokens, times, ([name, providerId, model], { input, output }, at) => {
        const price = calcPrice({ input_tokens: input, output_tokens: output }, model, {
          providerId: providerId,
          timestamp: new Date(at),
        })!.total_price;
        const estimate = estimateOf(name, model, input, output, at)!;
        expect(estimate).toBeGreaterThanOrEqual(price - 1e-9);
        expect(estimate).toBeLessThan(price + 3e-9);
      }),
    );
  });
});

describe('what costs nothing', () => {
  it.each([
    ['a model at an Ollama', 'local', 'llama', true],
    ['a model at a LocalAI', 'here', 'llama', true],
    ['an AnythingLLM, which may ask somebody who charges', 'desk', 'any', false],
    ['a stand-in', 'offline', 'offline-scripted', true],
    ['what is said to be free', 'leased', 'tiny', true],
    ['what is said to cost zero', 'given', 'gpt-4o', true],
    ['an Ollama that somebody charges for', 'leased', 'llama', false],
    ['a model of the list', 'openai', 'gpt-4o', false],
    ['a model whose price nobody knows', 'openai', 'no-such-model', false],
    ['a provider that is not there', 'gone', 'any', false],
  ])('%s', (_what, name, model, free) => {
    expect(book.isFree({ provider: name, model })).toBe(free);
  });
});
