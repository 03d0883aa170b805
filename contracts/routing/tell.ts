import { candidateKey, type RejectedCandidate } from '../models';

/** The earliest time, epoch milliseconds, at which one of them may be otherwise; undefined: none ever will. */
export function retryAtOf(rejected: readonly RejectedCandidate[]): number | undefined {
  const times = rejected.flatMap(({ retryAt }) => (retryAt === undefined ? [] : [retryAt]));
  return times.length === 0 ? undefined : Math.min(...times);
}

/** One sentence with every candidate's reason and time, for `Provider.Unavailable`. */
export function nobodyTakesIt(rejected: readonly RejectedCandidate[]): string {
  if (rejected.length === 0) return 'No model provider takes the request: nobody is meant by it.';
  return `No model provider takes the request now: ${rejected.map(rejectionText).join('; ')}.`;
}

/** `openai/gpt: the breaker of openai is open (…), until 2026-11-21T10:00:00.000Z`. */
export function rejectionText(rejected: RejectedCandidate): string {
  const until = rejected.retryAt === undefined ? '' : `, until ${timeText(rejected.retryAt)}`;
  return `${candidateKey(rejected)}: ${rejected.reason.replace(/\.$/, '')}${until}`;
}

function timeText(at: number): string {
  return Number.isNaN(new Date(at).getTime()) ? 'a time that is none' : new Date(at).toISOString();
}
