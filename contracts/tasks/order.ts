// What was asked for when a task was ordered, and the most of it. Times are epoch milliseconds.

/** The most that a task may hold, as OpenAI has it. */
export const TASK_LIMITS = { requests: 50_000, bytes: 200 * 1024 * 1024 } as const;

/** How long a task may take when nobody says otherwise. */
export const TASK_LIFE_MS = 24 * 3_600_000;

/** The key of {@link TaskOrder} in the memo. */
export const TASK_ORDER_MEMO = 'order';

/** What was ordered, and how: never changes. */
export interface TaskOrder {
  readonly kind: 'one' | 'many';
  readonly createdAt: number;
  readonly expiresAt: number;
  readonly total: number;
  /** SHA-256 of what was asked for: another order under the same key is refused. */
  readonly digest: string;
  /** Who ordered it: the name of a key. */
  readonly by: string;
  /** Of a batch. */
  readonly inputFile?: string;
  /** The time it was given, as its client wrote it: `24h`. */
  readonly window?: string;
  readonly metadata?: Readonly<Record<string, string>>;
}
