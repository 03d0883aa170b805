import type { Account, Usage } from '../model-provider';

type Fields = Readonly<Record<string, unknown>>;

/**
 * Usage and cost as servers of OpenAI's protocol tell them: cached tokens in two spellings, and from one vendor what it
 * charged. Empty where nothing is told, which some say with an empty object.
 */
export function accountOf(usage: unknown): Pick<Account, 'usage' | 'costUsd'> {
  if (!isObject(usage)) return {};
  const { prompt_tokens: input, completion_tokens: output, cost } = usage;
  if (count(input) === undefined && count(output) === undefined) return {};
  return { usage: tokensOf(usage), ...(typeof cost === 'number' ? { costUsd: cost } : {}) };
}

function tokensOf(usage: Fields): Usage {
  const details = usage['prompt_tokens_details'];
  const detail = (name: string) => (isObject(details) ? count(details[name]) : undefined);
  const cacheRead = detail('cached_tokens') ?? count(usage['prompt_cache_hit_tokens']);
  const cacheWrite = detail('cache_write_tokens');
  return {
    input: count(usage['prompt_tokens']) ?? 0,
    output: count(usage['completion_tokens']) ?? 0,
    ...(cacheRead === undefined ? {} : { cacheRead }),
    ...(cacheWrite === undefined ? {} : { cacheWrite }),
  };
}

function count(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : undefined;
}

export function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
