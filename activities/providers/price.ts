import { calcPrice, type Usage as ListedUsage } from '@pydantic/genai-prices';
import type { Completion, Pricing, Usage } from './model-provider';

/** What a call cost in US dollars at `at`: what the provider said, else the price list. Undefined: nobody knows. */
export function priceOf(completion: Completion, pricing: Pricing, at: Date): number | undefined {
  if (pricing.kind === 'free') return 0;
  if (completion.costUsd !== undefined) return completion.costUsd;
  const { id, url } = pricing;
  const where = id ? { providerId: id } : url ? { providerApiUrl: url } : undefined;
  if (!where) return undefined;
  const price = listed(() => calcPrice(listedUsage(completion.usage), completion.model, { ...where, timestamp: at }));
  return price === undefined ? undefined : Math.round(price * 1e9) / 1e9;
}

function listedUsage({ input, output, cacheRead, cacheWrite }: Usage): ListedUsage {
  return {
    input_tokens: input,
    output_tokens: output,
    ...(cacheRead ? { cache_read_tokens: cacheRead } : {}),
    ...(cacheWrite ? { cache_write_tokens: cacheWrite } : {}),
  };
}

/** The list throws on counts that contradict each other, and must not turn a paid answer into a failure. */
function listed(calculate: () => { total_price: number } | null): number | undefined {
  try {
    return calculate()?.total_price;
  } catch {
    return undefined;
  }
}
