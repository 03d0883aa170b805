import { formatDuration } from '../duration';
import type { PolicyFinding, RouteRequest } from '../models';
import { formatMoney } from '../money';
import type { Policy } from '../schemas/config/policies';
import { applies } from './applies';
import type { Weighed } from './weigh';

/** One finding for each policy that a candidate does not keep to, in the order of the policies. */
export function findingsOf(policies: readonly Policy[], request: RouteRequest, one: Weighed): PolicyFinding[] {
  return policies
    .filter((policy) => applies(policy, request))
    .map((policy) => ({ policy, broken: brokenBy(policy, one) }))
    .filter(({ broken }) => broken.length > 0)
    .map(({ policy, broken }) => ({
      ...one.candidate,
      policy: policy.name,
      mode: policy.mode,
      message: broken.join('; '),
    }));
}

/** `policy eu-only (HARD): ...`. */
export function findingText({ policy, mode, message }: PolicyFinding): string {
  return `policy ${policy} (${mode}): ${message}`;
}

function brokenBy(policy: Policy, one: Weighed): string[] {
  return [notAllowed(policy, one), denied(policy, one), tooDear(policy, one), tooSlow(policy, one)].filter(
    (message) => message !== undefined,
  );
}

function notAllowed({ allow }: Policy, one: Weighed): string | undefined {
  if (allow === undefined || wordsOf(one).some((word) => allow.includes(word))) return undefined;
  return `only ${allow.join(', ') || 'nobody'} may be asked`;
}

function denied({ deny = [] }: Policy, one: Weighed): string | undefined {
  const words = wordsOf(one).filter((word) => deny.includes(word));
  return words.length > 0 ? `${words.join(', ')} may not be asked` : undefined;
}

/** A price that nobody knows may be any. */
function tooDear({ 'max-cost': most }: Policy, { estimateNano }: Weighed): string | undefined {
  if (most === undefined || (estimateNano !== undefined && estimateNano <= most)) return undefined;
  const costs = estimateNano === undefined ? 'nobody knows its price' : `may cost ${formatMoney(estimateNano)}`;
  return `${costs}, and ${formatMoney(most)} is the most`;
}

/** Of a model that was never asked nothing can be learned unless it is asked. */
function tooSlow({ 'max-latency': longest }: Policy, { profile }: Weighed): string | undefined {
  const latencyMs = profile?.latencyMs;
  if (longest === undefined || latencyMs === undefined || latencyMs < longest) return undefined;
  return `answers in ${formatDuration(latencyMs)}, and it must be less than ${formatDuration(longest)}`;
}

/** What policies know a candidate by. */
function wordsOf({ provider }: Weighed): readonly string[] {
  return [provider.name, ...provider.tags];
}
