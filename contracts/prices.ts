import type { ConfiguredProvider } from './config/model-config';
import type { Candidate } from './models';
import { toNano, toNanoUp, type NanoDollars } from './money';
import { flatPrice, listedPrice, type ListedUsage } from './price-list';
import type { ModelPriceFile } from './schemas/config/providers';

/** Tokens. `input` includes those read from and written to a cache. */
export interface TokenUsage {
  readonly input: number;
  readonly output: number;
  readonly cacheRead?: number;
  readonly cacheWrite?: number;
}

/** What models cost. Undefined always means that nobody knows, which is not nothing. */
export interface PriceBook {
  /** Said in so many words to cost nothing: a local model, a stand-in. */
  isFree(candidate: Candidate): boolean;
  /** What a call costs, with all of its input at the full price; rounded up. */
  estimate(
    candidate: Candidate,
    tokens: { readonly input: number; readonly output: number },
    at: number,
  ): NanoDollars | undefined;
  /** What a call cost: what the provider said, else by the model that answered, else by the one that was asked. */
  cost(
    candidate: Candidate,
    answered: { readonly model: string; readonly usage: TokenUsage; readonly costUsd?: number | undefined },
    at: number,
  ): NanoDollars | undefined;
}

/** What the book has to know of a provider. */
export type PricedProvider = Pick<
  ConfiguredProvider,
  'name' | 'vendor' | 'protocol' | 'baseUrl' | 'prices' | 'standIn'
>;

/**
 * The prices of the configuration, above those of the price list. A model at an Ollama or a LocalAI, and a stand-in, cost
 * nothing unless the configuration says otherwise. What a provider says it charged counts before all of this.
 */
export function createPriceBook(providers: readonly PricedProvider[]): PriceBook {
  const byName = new Map(providers.map((provider) => [provider.name, provider]));
  const flatOf = rememberFlatPrices();
  return {
    isFree: ({ provider, model }) => {
      const found = byName.get(provider);
      return found !== undefined && isFree(setFor(found, [model]));
    },
    estimate: ({ provider, model }, tokens, at) => {
      const found = byName.get(provider);
      if (!found) return undefined;
      const set = setFor(found, [model]);
      if (set) return whole(toNanoUp, setCost(set, tokens));
      const flat = flatOf(found, model, at);
      if (flat === 'moves') return whole(toNanoUp, listedPrice(found, model, listed(tokens), at));
      return whole(toNanoUp, flat && flat.call + tokens.input * flat.input + tokens.output * flat.output);
    },
    cost: ({ provider, model }, { model: answered, usage, costUsd }, at) => {
      const said = whole(toNano, costUsd);
      if (said !== undefined) return said;
      const found = byName.get(provider);
      if (!found) return undefined;
      const set = setFor(found, [answered, model]);
      if (set) return whole(toNano, setCost(set, usage));
      const tokens = listed(usage);
      return whole(toNano, listedPrice(found, answered, tokens, at) ?? listedPrice(found, model, tokens, at));
    },
  };
}

const FREE = { input: 0, output: 0 } as const;
type SetPrice = Exclude<ModelPriceFile, 'free'>;

/** The price that the configuration sets, of the first of these models that it knows. */
function setFor(
  { prices, standIn, protocol, vendor }: PricedProvider,
  models: readonly string[],
): SetPrice | undefined {
  const known = [...models, '*'].find((model) => Object.hasOwn(prices, model));
  const set = known === undefined ? undefined : prices[known];
  if (set === undefined) return standIn || protocol === 'ollama' || vendor === 'localai' ? FREE : undefined;
  return set === 'free' ? FREE : set;
}

/** Nothing can be charged: a price for the cache alone is one too. */
function isFree(set: SetPrice | undefined): boolean {
  return set !== undefined && Object.values(set).every((price) => price === 0);
}

/** US dollars; what is read from or written to a cache costs as much as the rest where nothing else is said. */
function setCost(set: SetPrice, { input, output, cacheRead = 0, cacheWrite = 0 }: TokenUsage): number | undefined {
  if (isFree(set)) return 0;
  const rest = input - cacheRead - cacheWrite;
  if (rest < 0) return undefined;
  const read = cacheRead * (set['cache-read'] ?? set.input);
  const written = cacheWrite * (set['cache-write'] ?? set.input);
  return (rest * set.input + read + written + output * set.output) / 1e6;
}

function listed({ input, output, cacheRead, cacheWrite }: TokenUsage): ListedUsage {
  return {
    input_tokens: input,
    output_tokens: output,
    ...(cacheRead && { cache_read_tokens: cacheRead }),
    ...(cacheWrite && { cache_write_tokens: cacheWrite }),
  };
}

/** Providers have sent counts and prices that are none. */
function whole(round: (dollars: number) => NanoDollars, dollars: number | undefined): NanoDollars | undefined {
  if (dollars === undefined || !Number.isFinite(dollars) || dollars < 0) return undefined;
  return round(dollars);
}

const REMEMBERED_MODELS = 1_000;

/** The price list is slow to ask, and estimates are made for every candidate of every call. */
function rememberFlatPrices() {
  const known = new Map<string, ReturnType<typeof flatPrice>>();
  return (provider: PricedProvider, model: string, at: number): ReturnType<typeof flatPrice> => {
    const key = `${provider.name}/${model}`;
    if (!known.has(key)) {
      // Whoever asks may name any model, so that there is no end to them.
      if (known.size >= REMEMBERED_MODELS) known.clear();
      known.set(key, flatPrice(provider, model, at));
    }
    return known.get(key);
  };
}
