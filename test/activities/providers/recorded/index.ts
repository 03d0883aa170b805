import { anthropicFailures } from './anthropic';
import { COMPATIBLE_FAILURES } from './compatible';
import { OLLAMA_FAILURES } from './ollama';
import { openAiFailures } from './openai';
import type { Recorded } from './recorded';
import { routedFailures } from './routers';

export type { Recorded } from './recorded';

/** @param now epoch milliseconds; a whole minute */
export function recordedFailures(now: number): readonly Recorded[] {
  return [
    ...anthropicFailures(now),
    ...openAiFailures(now),
    ...COMPATIBLE_FAILURES,
    ...routedFailures(now),
    ...OLLAMA_FAILURES,
  ];
}

/** The body as it comes over the wire. */
export function bodyOf({ body }: Recorded): string {
  return typeof body === 'string' ? body : JSON.stringify(body);
}
