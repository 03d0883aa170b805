import type { JsonObject } from '../../../contracts/json';
import { isObject } from '../json';
import type { Account, Usage } from '../model-provider';

type Fields = Readonly<Record<string, unknown>>;

/** What an answer tells of itself. */
export type Told = Omit<Account, 'requestId'>;

/**
 * What a chat completion, a chunk or a list tells, after what was known before. Servers of OpenAI's protocol tell usage
 * on a last chunk without choices, or on any other one; some say nothing with an empty object; and one vendor tells
 * what it charged.
 */
export function toldBy({ model, usage }: JsonObject, before: Told): Told {
  const named = typeof model === 'string' && model !== '' ? model : before.model;
  if (!isObject(usage)) return { model: named, usage: before.usage, costUsd: before.costUsd };
  const { prompt_tokens: input, completion_tokens: output, cost } = usage;
  if (count(input) === undefined && count(output) === undefined) return { ...before, model: named };
  return { model: named, usage: tokensOf(usage), costUsd: typeof cost === 'number' ? cost : before.costUsd };
}

/** Cached tokens are told in two spellings. */
function tokensOf(usage: Fields): Usage {
  const details = usage['prompt_tokens_details'];
  const detail = (name: string) => (isObject(details) ? count(details[name]) : undefined);
  const cacheRead = detail('cached_tokens') ?? count(usage['prompt_cache_hit_tokens']);
  const cacheWrite = detail('cache_write_tokens');
  return {
    input: count(usage['prompt_tokens']) ?? 0,
    output: count(usage['completion_tokens']) ?? 0,
    ...(cacheRead === undefined ? undefined : { cacheRead }),
    ...(cacheWrite === undefined ? undefined : { cacheWrite }),
  };
}

function count(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : undefined;
}
