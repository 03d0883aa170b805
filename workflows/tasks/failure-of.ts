import { ActivityFailure, ApplicationFailure } from '@temporalio/workflow';

/** Why an activity of a task failed: its type and a sentence. */
export function failureOf(error: unknown): { readonly type: string; readonly message: string } {
  const cause = error instanceof ActivityFailure ? (error.cause ?? error) : error;
  const type = cause instanceof ApplicationFailure ? (cause.type ?? 'Run.Broken') : 'Run.Broken';
  return { type, message: (cause instanceof Error ? cause.message : String(cause)).slice(0, 1_000) };
}
