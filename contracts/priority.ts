/** How urgent prompts are, as people say it: 10 goes first, 1 last. */
export const PRIORITY = { lowest: 1, usual: 5, highest: 10 } as const;

/** From here on a prompt may also use sessions that are kept free for critical work. */
export const CRITICAL_PRIORITY = 9;

export function isPriority(value: number): boolean {
  return Number.isInteger(value) && value >= PRIORITY.lowest && value <= PRIORITY.highest;
}

/**
 * Temporal's word for a priority: 1 goes first. A server orders ten levels with `matching.priorityLevels=10`; one that
 * knows fewer treats all that come behind its last level alike.
 */
export function priorityKey(priority: number): number {
  return PRIORITY.highest + PRIORITY.lowest - priority;
}

/** The inverse of {@link priorityKey}. */
export function priorityOfKey(key: number): number {
  return priorityKey(key);
}

/** The pool of sessions that a pool keeps free for critical work. */
export function criticalPool(pool: string): string {
  return `${pool}-critical`;
}
