import type { Usage } from '../model-provider';

/** Tokens as Messages events count them. */
export interface Counts {
  input_tokens: number;
  output_tokens: number;
  cache_read_input_tokens?: number;
  cache_creation_input_tokens?: number;
}

export function noCounts(): Counts {
  return { input_tokens: 0, output_tokens: 0 };
}

/** Later counts replace earlier ones; a delta may repeat some and leave out others. */
export function count(usage: Counts, seen: { [K in keyof Counts]?: number | null | undefined }): void {
  for (const key of [
    'input_tokens',
    'output_tokens',
    'cache_read_input_tokens',
    'cache_creation_input_tokens',
  ] as const) {
    const value = seen[key];
    if (typeof value === 'number') usage[key] = value;
  }
}

/** Anthropic counts cached tokens beside the input, everybody else within it. */
export function totals(usage: Counts): Usage {
  const cacheRead = usage.cache_read_input_tokens ?? 0;
  const cacheWrite = usage.cache_creation_input_tokens ?? 0;
  return { input: usage.input_tokens + cacheRead + cacheWrite, output: usage.output_tokens, cacheRead, cacheWrite };
}
