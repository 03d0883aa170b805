import type { Completion } from '../../../activities/providers/model-provider';
import { priceOf } from '../../../activities/providers/price';

const AT = new Date('2026-11-21T12:00:00Z');
const completion = (
  model: string,
  usage: Partial<Completion['usage']> = {},
  more: Partial<Completion> = {},
): Completion => ({
  text: 'ok',
  model,
  usage: { input: 1_000_000, output: 0, ...usage },
  ...more,
});

it('reads the price list', () => {
  expect(priceOf(completion('gpt-4o'), { kind: 'listed', id: 'openai' }, AT)).toBe(2.5);
});

it('knows that tokens read from a cache cost less', () => {
  const whole = priceOf(completion('claude-sonnet-4-5', { input: 100_000 }), { kind: 'listed', id: 'anthropic' }, AT)!;
  const cached = priceOf(
    completion('claude-sonnet-4-5', { input: 100_000, cacheRead: 90_000 }),
    { kind: 'listed', id: 'anthropic' },
    AT,
  )!;
  expect(cached).toBeGreaterThan(0);
  expect(cached).toBeLessThan(whole / 4);
});

it('finds a compatible provider by its address', () => {
  const price = priceOf(completion('deepseek-chat'), { kind: 'listed', url: 'https://api.deepseek.com/v1' }, AT);
  expect(price).toBeGreaterThan(0);
});

it('takes what the provider says it charged', () => {
  expect(
    priceOf(completion('any', {}, { costUsd: 0.0123 }), { kind: 'listed', url: 'https://openrouter.ai/api/v1' }, AT),
  ).toBe(0.0123);
});

it('is free where nobody charges', () => {
  expect(priceOf(completion('offline-scripted'), { kind: 'free' }, AT)).toBe(0);
});

it.each([
  ['a model nobody lists', 'no-such-model', { kind: 'listed', id: 'openai' } as const, {}],
  ['an address nobody lists', 'gpt-4o', { kind: 'listed', url: 'http://127.0.0.1:8080/v1' } as const, {}],
  [
    'counts that contradict each other',
    'claude-sonnet-4-5',
    { kind: 'listed', id: 'anthropic' } as const,
    { input: 1, cacheRead: 5 },
  ],
])('is unknown, which is not zero, for %s', (_what, model, pricing, usage) => {
  expect(priceOf(completion(model, usage), pricing, AT)).toBeUndefined();
});
