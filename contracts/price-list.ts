import { calcPrice, type ModelPrice, type PriceCalculation, type PriceOptions } from '@pydantic/genai-prices';
import type { Vendor } from './schemas/config/providers';

// The only place that knows the list of prices, which is half a megabyte: workflows must not carry it.

/** Where a provider's prices are listed: at its vendor, or at whoever is reached at its address. */
export interface ListPlace {
  readonly vendor?: Vendor;
  readonly baseUrl: string;
}

/** What a call without a cache costs, in US dollars: a price for the call and one for each token. */
export interface FlatPrice {
  readonly call: number;
  readonly input: number;
  readonly output: number;
}

/** Tokens, as the list counts them: `input_tokens` includes those of the cache. */
export interface ListedUsage {
  readonly input_tokens: number;
  readonly output_tokens: number;
  readonly cache_read_tokens?: number;
  readonly cache_write_tokens?: number;
}

/** US dollars at `at`; undefined: the model is not listed, or the counts contradict each other. */
export function listedPrice(place: ListPlace, model: string, usage: ListedUsage, at: number): number | undefined {
  return ask(place, model, usage, at)?.total_price;
}

/**
 * The price of a model whose price is always the same, so that it need not be looked up for each call; `moves`: it
 * depends on the time or on how much is asked; undefined: it is not listed.
 */
export function flatPrice(place: ListPlace, model: string, at: number): FlatPrice | 'moves' | undefined {
  const found = ask(place, model, { input_tokens: 0, output_tokens: 0 }, at);
  if (!found) return undefined;
  if (Array.isArray(found.model.prices)) return 'moves';
  const [input, output] = [perToken(found.model_price, 'input_mtok'), perToken(found.model_price, 'output_mtok')];
  return input === undefined || output === undefined ? 'moves' : { call: found.total_price, input, output };
}

function ask(place: ListPlace, model: string, usage: ListedUsage, at: number): PriceCalculation | undefined {
  try {
    return calcPrice({ ...usage }, model, { ...whereOf(place), timestamp: new Date(at) }) ?? undefined;
  } catch {
    // It throws on counts that contradict each other, and must not turn a paid answer into a failure.
    return undefined;
  }
}

function perToken(prices: ModelPrice, key: string): number | undefined {
  const price = prices[key];
  return typeof price === 'number' ? price / 1e6 : undefined;
}

function whereOf({ vendor, baseUrl }: ListPlace): PriceOptions {
  const providerId = vendor === undefined ? undefined : LISTED_AS[vendor];
  return providerId === undefined ? { providerApiUrl: baseUrl } : { providerId };
}

/** Vendors that sell nothing are not listed. */
const LISTED_AS: Readonly<Partial<Record<Vendor, string>>> = {
  anthropic: 'anthropic',
  openai: 'openai',
  deepseek: 'deepseek',
  kimi: 'moonshotai',
  gemini: 'google',
  perplexity: 'perplexity',
  openrouter: 'openrouter',
};
