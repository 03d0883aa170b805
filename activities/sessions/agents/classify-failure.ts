import type { FailureClass } from './agent-kind';
import { readReset } from './read-reset';

// Rows are tried in order, on the reason an agent gives and then on its words.
const ROWS: readonly (readonly [RegExp, FailureClass])[] = [
  [
    // Before the row of money: those who reach it are also told what more they could buy.
    /(usage|session|weekly|hourly|\d-hour).?limit|hit your (?!.*spend)[^.\n]{0,40}\blimit/i,
    { type: 'Provider.RateLimited', advice: 'Wait for the limit to reset, or use another agent.' },
  ],
  [
    /billing|quota|\bcredits?\b|\bspend/i,
    { type: 'Provider.Quota', advice: "Refill the agent's account or use another agent." },
  ],
  [
    /rate.?limit|\b429\b|too many requests/i,
    { type: 'Provider.RateLimited', advice: 'Wait for the limit to reset, or use another agent.' },
  ],
  [/overloaded|\b529\b|\b503\b/i, { type: 'Provider.Overloaded', advice: 'Try again later.' }],
  [
    /\bauth\b|authenticat|unauthori[sz]ed|\b401\b|\b403\b|api.?key|\blog(ged)?.in\b|\blogin\b|oauth/i,
    { type: 'Provider.Auth', advice: 'Log the agent in on this host, or give the worker its key.' },
  ],
  [/model_not_found|\b404\b/i, { type: 'Provider.NotFound', advice: 'Name a model this agent has.' }],
  [
    /invalid_request|bad_request|\b400\b|context.?(window|length)/i,
    { type: 'Provider.Request', advice: 'Shorten the prompt and what it attaches, or name another model.' },
  ],
  [/server_error|\b5\d\d\b|disconnected/i, { type: 'Provider.ServerError', advice: 'Try again later.' }],
  [
    /connection_failed|ECONN|ENOTFOUND|EAI_AGAIN|unable to connect|connection (refused|reset|error)/i,
    { type: 'Provider.Network', advice: 'Look at the network of this host, then try again.' },
  ],
];

const OTHER: FailureClass = { type: 'Agent.Failed', advice: 'Read the log of the stage for what it tried.' };
const LIMITS = new Set(['Provider.RateLimited', 'Provider.Quota', 'Provider.Overloaded']);

/** What kind of failure an agent reports, and what to do about it. `now` in epoch milliseconds. */
export function classifyFailure(
  { reason, message }: { readonly reason: string; readonly message: string },
  now: number,
): FailureClass {
  const found = findRow(reason) ?? findRow(message) ?? OTHER;
  const resetsAt = LIMITS.has(found.type) ? (readReset(message, now) ?? readReset(reason, now)) : undefined;
  return { ...found, ...(resetsAt !== undefined && { resetsAt }) };
}

function findRow(text: string): FailureClass | undefined {
  return ROWS.find(([pattern]) => pattern.test(text))?.[1];
}
