import type { BreakerView } from '../../contracts/breakers';

/** How the breaker stands, in Markdown for the Web UI. */
export function detailsOf(provider: string, breaker: BreakerView): string {
  return [`## ${provider}: ${breaker.state}`, '', ...linesOf(breaker)].join('\n');
}

function linesOf({ state, why, openUntil, probe, failures, trips, lastFailure }: BreakerView): string[] {
  const lines: string[] = [];
  if (why !== undefined) lines.push(`- **why**: ${why}`);
  if (openUntil !== undefined) lines.push(`- **tried again at**: ${time(openUntil)}`);
  if (state === 'half-open') lines.push(`- **probe**: ${probe ? `${probe.who}, until ${time(probe.until)}` : 'free'}`);
  if (state === 'closed') lines.push(`- **failures in a row**: ${failures}`);
  if (trips > 1) lines.push(`- **opened**: ${trips} times since it was last closed`);
  if (state === 'isolated') lines.push('- It stays so until somebody sends `resetBreaker`.');
  if (lastFailure !== undefined) {
    lines.push(`- **last failure**: ${time(lastFailure.at)} ${lastFailure.type}: ${lastFailure.message}`);
  }
  return lines;
}

function time(at: number): string {
  return Number.isNaN(new Date(at).getTime()) ? 'an unknown time' : new Date(at).toISOString();
}
