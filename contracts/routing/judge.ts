import {
  candidateKey,
  type PolicyFinding,
  type RejectedCandidate,
  type RejectionKind,
  type RouteRequest,
} from '../models';
import { breakerWord } from './breakers';
import type { RouteFacts } from './facts';
import { isAllowed } from './allowed';
import { findingText, findingsOf } from './policies';
import type { Weighed } from './weigh';

/** A candidate that may be asked, or why it may not, and what policies found in either case. */
export type Judged = Admitted | Refused;

export interface Admitted {
  readonly admitted: true;
  readonly weighed: Weighed;
  readonly findings: readonly PolicyFinding[];
  readonly needsProbe: boolean;
}

interface Refused {
  readonly admitted: false;
  readonly weighed: Weighed;
  readonly findings: readonly PolicyFinding[];
  readonly no: No;
}

interface No {
  readonly kind: RejectionKind;
  readonly reason: string;
  readonly retryAt?: number;
}

/**
 * May a candidate be asked? What is final comes before what passes: nobody shall wait for a candidate that will never
 * be asked.
 */
export function judge(weighed: Weighed, request: RouteRequest, facts: RouteFacts): Judged {
  const findings = findingsOf(facts.config.policies, request, weighed);
  const final =
    keyForbids(weighed, facts) ??
    doesNotFit(weighed, request) ??
    policyForbids(findings) ??
    costsTooMuch(weighed, facts) ??
    cannotBeCounted(weighed, facts) ??
    failedForGood(weighed);
  if (final) return { weighed, findings, admitted: false, no: final };
  const breaker = breakerWord(facts.standings, weighed.candidate, facts.now);
  const shut = breaker.kind === 'shut' ? breaker : undefined;
  const passing = latest(
    shut && { kind: 'breaker', reason: shut.reason, ...(shut.until !== undefined && { retryAt: shut.until }) },
    wantsToBeLeftAlone(weighed, facts.now),
  );
  if (passing) return { weighed, findings, admitted: false, no: passing };
  return { weighed, findings, admitted: true, needsProbe: breaker.kind === 'probe' };
}

export function rejectionOf({ candidate }: Weighed, no: No): RejectedCandidate {
  return { provider: candidate.provider, model: candidate.model, ...no };
}

function keyForbids({ candidate }: Weighed, { allowed, config }: RouteFacts): No | undefined {
  if (allowed === undefined || isAllowed(config, allowed, candidate)) return undefined;
  return { kind: 'unsuited', reason: `only ${allowed.join(', ') || 'nobody'} may be asked with this key` };
}

function doesNotFit({ provider, answerTokens }: Weighed, { inputTokens }: RouteRequest): No | undefined {
  const { maxContext } = provider;
  if (maxContext === undefined || inputTokens + answerTokens <= maxContext) return undefined;
  const needs = `about ${inputTokens} tokens of prompt and ${answerTokens} of answer`;
  return { kind: 'unsuited', reason: `${needs} do not fit its context of ${maxContext}` };
}

function policyForbids(findings: readonly PolicyFinding[]): No | undefined {
  const hard = findings.filter(({ mode }) => mode === 'HARD');
  if (hard.length === 0) return undefined;
  return { kind: 'policy', reason: hard.map(findingText).join('; ') };
}

function costsTooMuch({ free }: Weighed, { freeOnly }: RouteFacts): No | undefined {
  if (freeOnly !== true || free) return undefined;
  return { kind: 'budget', reason: 'the budget has nothing left, and it is not known to cost nothing' };
}

/** Where budgets are kept, nothing is spent that cannot be held. */
function cannotBeCounted({ free, estimateNano }: Weighed, { config }: RouteFacts): No | undefined {
  if (config.budgets === undefined || free || estimateNano !== undefined) return undefined;
  return { kind: 'budget', reason: 'nobody knows what it costs: set its prices in the configuration' };
}

function failedForGood({ trial }: Weighed): No | undefined {
  if (trial?.final !== true) return undefined;
  return { kind: 'tried', reason: `would fail again: ${trial.lastType}: ${trial.message}` };
}

function wantsToBeLeftAlone({ trial, candidate }: Weighed, now: number): No | undefined {
  if (trial?.notBefore === undefined || trial.notBefore <= now) return undefined;
  const reason = `${candidateKey(candidate)} wants to be left alone for a while: ${trial.lastType}: ${trial.message}`;
  return { kind: 'tried', reason, retryAt: trial.notBefore };
}

/** Of two reasons the one that lasts longer: without the end of both there is no call. */
function latest(one: No | undefined, other: No | undefined): No | undefined {
  if (!one || !other) return one ?? other;
  return (other.retryAt ?? Infinity) > (one.retryAt ?? Infinity) ? other : one;
}
