/** What a turn has cost, as far as the agent says it. */
export interface Usage {
  readonly inputTokens?: number;
  readonly outputTokens?: number;
  readonly costUsd?: number;
}

/** Usage on its way: the sum so far, and how it came to be. */
export interface Spending {
  readonly usage?: Usage;
  /** The request to the model that was counted last, and what had been spent before it. */
  readonly lastRequest?: { readonly id: string; readonly before: Usage };
  /** The agent told the sum itself: requests are not added up any more. */
  readonly toldUsage?: boolean;
}

/** Count a request once, with the figures that were told last. */
export function countRequest<S extends Spending>(spending: S, id: string, usage: Usage): S {
  if (spending.toldUsage) return spending;
  const { lastRequest } = spending;
  const before = lastRequest?.id === id ? lastRequest.before : (spending.usage ?? {});
  return { ...spending, usage: addUsage(before, usage), lastRequest: { id, before } };
}

/** Forget what was counted so far: it was spent on something else. */
export function forgetRequests<S extends Spending>(spending: S): S {
  if (spending.toldUsage || spending.lastRequest === undefined) return spending;
  const { usage: _, lastRequest: __, ...rest } = spending;
  return rest as S;
}

function addUsage(one: Usage, other: Usage): Usage {
  const names = ['inputTokens', 'outputTokens', 'costUsd'] as const;
  const known = names.filter((name) => one[name] !== undefined || other[name] !== undefined);
  return Object.fromEntries(known.map((name) => [name, (one[name] ?? 0) + (other[name] ?? 0)]));
}
