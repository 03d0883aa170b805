import type { Report } from './figures';

/** What every benchmark is given. */
export interface BenchContext {
  /** The `temporal` program. */
  readonly temporal: string;
  /** A directory of this run alone, removed afterwards. */
  readonly directory: string;
  /** The environment of processes that are started. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Fewer rounds: to see that everything works, not to quote. */
  readonly quick: boolean;
  /** Of the benchmark of sessions: the parts that were asked for, all when empty, and how many prompts are killed at. */
  readonly parts: readonly string[];
  readonly dispatches: number;
  /** gantry's workflows and the hand-written one, each bundled by itself. */
  readonly bundles: { readonly gantry: string; readonly handWritten: string };
  /** Progress, one line at a time. */
  say(line: string): void;
}

export type Benchmark = (context: BenchContext) => Promise<Report>;
