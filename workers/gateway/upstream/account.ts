import type { Usage } from '../../../activities/providers/model-provider';
import { isObject } from '../json';
import type { Account } from './upstream';

/** Usage and cost as servers of OpenAI's protocol tell them, in all spellings met so far. */
export function accountOf(usage: unknown): Pick<Account, 'usage' | 'costUsd'> {
  if (!isObject(usage)) return {};
  const { cost } = usage;
  return { usage: tokensOf(usage), ...(typeof cost === 'number' && { costUsd: cost }) };
}

function tokensOf(usage: Record<string, unknown>): Usage {
  const details = usage['prompt_tokens_details'];
  const detail = (name: string): number | undefined => (isObject(details) ? count(details[name]) : undefined);
  const cacheRead = detail('cached_tokens') ?? count(usage['prompt_cache_hit_tokens']);
  const cacheWrite = detail('cache_write_tokens');
  return {
    input: count(usage['prompt_tokens']) ?? 0,
    output: count(usage['completion_tokens']) ?? 0,
    ...(cacheRead !== undefined && { cacheRead }),
    ...(cacheWrite !== undefined && { cacheWrite }),
  };
}

function count(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : undefined;
}
