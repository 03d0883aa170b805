import { join } from 'node:path';
import { ApplicationFailure } from '@temporalio/common';
import type { DispatchResult } from '../../../contracts/activities';
import { isErrorType } from '../../../contracts/errors';
import { failure, type FailureDetails } from '../../failure';
import { exists, readIfThere, writeWhole } from '../../files/whole-file';

/** How a dispatch ended, kept beside its receipts: an attempt that comes later answers the same. */
type Outcome =
  | { readonly result: DispatchResult }
  | { readonly failure: { readonly type: string; readonly message: string; readonly details: FailureDetails } };

export async function saveResult(dir: string, result: DispatchResult): Promise<void> {
  await save(dir, { result });
}

/** Only failures with a type are ends; anything else is a fault of this attempt, and the next one looks again. */
export async function saveFailure(dir: string, error: ApplicationFailure): Promise<void> {
  const details = (error.details?.[0] ?? {}) as FailureDetails;
  await save(dir, { failure: { type: error.type ?? 'Agent.Failed', message: error.message, details } });
}

/** The end of a dispatch that has one: its result, or its failure, to be thrown again. */
export async function recall(dir: string): Promise<DispatchResult | ApplicationFailure | undefined> {
  const text = await readIfThere(outcomePath(dir));
  if (text === undefined) return undefined;
  const outcome = JSON.parse(text) as Outcome;
  if ('result' in outcome) return outcome.result;
  const { type, message, details } = outcome.failure;
  return failure(isErrorType(type) ? type : 'Agent.Failed', message, details);
}

/** Has a dispatch ended? */
export function isRecorded(dir: string): Promise<boolean> {
  return exists(outcomePath(dir));
}

/** Is it an end of the dispatch, as opposed to a fault of this attempt? */
export function isEnd(error: unknown): error is ApplicationFailure {
  return error instanceof ApplicationFailure && error.nonRetryable === true;
}

async function save(dir: string, outcome: Outcome): Promise<void> {
  await writeWhole(outcomePath(dir), JSON.stringify(outcome));
}

function outcomePath(dir: string): string {
  return join(dir, 'outcome.json');
}
