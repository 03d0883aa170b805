// What was learned of models by asking them: for routing by cost, latency and quality. Lengths are milliseconds, money
// whole nano-dollars.

/** How one model does at one kind of task. Averages weigh newer calls more. */
export interface Profile {
  readonly task: string;
  readonly provider: string;
  readonly model: string;
  readonly calls: number;
  /** 0 to 1. */
  readonly failureRate: number;
  /** Time to the whole answer. */
  readonly latencyMs: number;
  readonly costNano?: number;
  /** 0 to 1, by evaluations; absent: never evaluated. */
  readonly quality?: number;
}

/** One call, as it is learned from. */
export interface ProfileSample {
  readonly task: string;
  readonly provider: string;
  readonly model: string;
  readonly ok: boolean;
  readonly latencyMs?: number;
  readonly costNano?: number;
  /** 0 to 1. */
  readonly quality?: number;
}

/** The task of requests that name none. */
export const ANY_TASK = 'any';
