import type { FailureClass } from './agent-kind';

// Rows are tried in order, on the reason an agent gives and then on its words.
const ROWS: readonly (readonly [RegExp, FailureClass])[] = [
  [
    /billing|quota|\bcredits?\b|\bspend/i,
    { type: 'Provider.Quota', advice: "Refill the agent's account or use another agent." },
  ],
  [
    /rate.?limit|\b429\b|usage.?limit|session.?limit/i,
    { type: 'Provider.RateLimited', advice: 'Wait for the limit to reset, or use another agent.' },
  ],
  [/overloaded|\b529\b|\b503\b/i, { type: 'Provider.Overloaded', advice: 'Try again later.' }],
  [
    /\bauth\b|authenticat|unauthori[sz]ed|\b401\b|\b403\b|api.?key|\blog(ged)?.in\b|\blogin\b/i,
    { type: 'Provider.Auth', advice: 'Log the agent in on this host, or give the worker its key.' },
  ],
  [/model_not_found|\b404\b/i, { type: 'Provider.NotFound', advice: 'Name a model this agent has.' }],
  [
    /invalid_request|\b400\b|context.?(window|length)/i,
    { type: 'Provider.Request', advice: 'Shorten the prompt and what it attaches, or name another model.' },
  ],
  [/server_error|\b5\d\d\b|disconnected/i, { type: 'Provider.ServerError', advice: 'Try again later.' }],
];

const OTHER: FailureClass = { type: 'Agent.Failed', advice: 'Read the log of the stage for what it tried.' };

/** What kind of failure an agent reports, and what to do about it. */
export function classifyFailure(
  { reason, message }: { readonly reason: string; readonly message: string },
  _now: number,
): FailureClass {
  for (const text of [reason, message]) {
    const row = ROWS.find(([pattern]) => pattern.test(text));
    if (row) return row[1];
  }
  return OTHER;
}
