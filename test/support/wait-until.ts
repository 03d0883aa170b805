import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Poll a condition until it gives something truthy, and give that. Fails when the deadline passes first.
 *
 * A condition that throws is not fulfilled yet: a loaded server refuses a query that it answers a moment later. What it
 * threw last is the cause of the failure.
 */
export async function waitUntil<T>(
  condition: () => T | Promise<T>,
  { timeoutMs = 30_000, everyMs = 20 }: { readonly timeoutMs?: number; readonly everyMs?: number } = {},
): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const attempt = await tried(condition);
    if (attempt.kind === 'gave' && attempt.value) return attempt.value;
    if (Date.now() > deadline) throw tooLate(condition.toString(), timeoutMs, attempt);
    await sleep(everyMs);
  }
}

type Attempt<T> = { readonly kind: 'gave'; readonly value: T } | { readonly kind: 'threw'; readonly error: unknown };

async function tried<T>(condition: () => T | Promise<T>): Promise<Attempt<T>> {
  try {
    return { kind: 'gave', value: await condition() };
  } catch (error) {
    return { kind: 'threw', error };
  }
}

function tooLate(condition: string, timeoutMs: number, last: Attempt<unknown>): Error {
  const message = `not within ${timeoutMs} ms: ${condition}`;
  if (last.kind === 'gave') return new Error(message);
  const why = last.error instanceof Error ? last.error.message : String(last.error);
  return new Error(`${message}\nat last it threw: ${why}`, { cause: last.error });
}
