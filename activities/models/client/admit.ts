import {
  isSameCandidate,
  type Candidate,
  type RankedCandidate,
  type RejectedCandidate,
  type Route,
} from '../../../contracts/models';
import { breakerWord, breakersOf } from '../../../contracts/routing/breakers';
import type { ModelClientPorts } from './client-ports';
import { lookAround, type Look } from './look-around';
import { NobodyAvailable, OverBudget, type AttemptRequest, type Hold } from './model-client';
import { nobody } from './nobody';
import { tellAbandoned } from './tell';

/** Somebody who may be called now: what the call costs at most is held, and a probe, where it needs one, is taken. */
export interface Admitted {
  readonly ranked: RankedCandidate;
  readonly route: Route;
  /** Absent where nothing is counted, and where the call costs nothing. */
  readonly hold: Hold | undefined;
  /** The breakers whose probe this call is. */
  readonly probes: readonly string[];
  /** By breaker: what the call is reported under. */
  readonly generations: ReadonlyMap<string, number>;
  readonly overBudget: string | undefined;
}

/** The best candidate that breakers and budget admit now. Fails: {@link NobodyAvailable}. */
export async function admit(ports: ModelClientPorts, request: AttemptRequest): Promise<Admitted> {
  try {
    return await firstThenLast(ports, request);
  } catch (error) {
    if (!(error instanceof RefusedByBudget)) throw error;
    return whenOver(ports, request, error);
  }
}

/** Where others were quicker to take every probe, the last resort is found with a second look. */
async function firstThenLast(ports: ModelClientPorts, request: AttemptRequest): Promise<Admitted> {
  const look = await lookAround(ports, request, request.trials);
  try {
    return await firstOf(ports, request, look);
  } catch (error) {
    const wereQuicker = error instanceof NobodyAvailable && look.route.candidates.length > 0;
    if (!wereQuicker || ports.config.lastResort === undefined) throw error;
    return firstOf(ports, request, await lookAround(ports, request, request.trials));
  }
}

/** A budget has too little for the best candidate: what was held is given back, and nobody was called. */
class RefusedByBudget extends Error {
  constructor(
    readonly refusal: OverBudget,
    readonly route: Route,
    readonly rejected: readonly RejectedCandidate[],
  ) {
    super(refusal.message);
  }
}

async function firstOf(
  ports: ModelClientPorts,
  request: AttemptRequest,
  look: Look,
  overBudget?: string,
): Promise<Admitted> {
  const rejected = [...look.route.rejected];
  for (const ranked of inOrder(look.route.candidates, request.first)) {
    const outcome = await tryOne(ports, request, look, ranked, rejected);
    if ('kind' in outcome) {
      rejected.push({ provider: ranked.provider, model: ranked.model, ...outcome });
      continue;
    }
    const { hold, probes, generations } = outcome;
    return { ranked, hold, probes, generations, route: { ...look.route, rejected }, overBudget };
  }
  throw nobody(ports.config.providers.length, look.route, rejected);
}

type No = Omit<RejectedCandidate, 'provider' | 'model'>;

/** Money first: what is held can be given back at once, a probe that nobody makes keeps others waiting. */
async function tryOne(
  ports: ModelClientPorts,
  request: AttemptRequest,
  look: Look,
  ranked: RankedCandidate,
  rejected: readonly RejectedCandidate[],
): Promise<Pick<Admitted, 'hold' | 'probes' | 'generations'> | No> {
  const hold = await holdFor(request, ranked, look.route, rejected);
  if (hold === 'unknown') {
    return { kind: 'budget', reason: 'nobody knows what it costs: set its prices in the configuration' };
  }
  const word = breakerWord(look.standings, ranked, Date.now());
  const probes = word.kind === 'probe' ? word.breakers : [];
  for (const [taken, name] of probes.entries()) {
    if (await ports.breakers.takeProbe(name, request.attemptId, request.timeoutMs)) continue;
    hold?.settle(0);
    const given = probes.slice(0, taken);
    await tellAbandoned(ports, request, given, await generationsOf(ports, look, ranked, given));
    return { kind: 'breaker', reason: `somebody else is just trying ${name}`, retryAt: await triedUntil(ports, name) };
  }
  return { hold, probes, generations: await generationsOf(ports, look, ranked, probes) };
}

async function holdFor(
  { purse }: AttemptRequest,
  { free, estimateNano }: RankedCandidate,
  route: Route,
  rejected: readonly RejectedCandidate[],
): Promise<Hold | 'unknown' | undefined> {
  if (purse === undefined || free) return undefined;
  if (estimateNano === undefined) return 'unknown';
  try {
    return await purse.hold(estimateNano);
  } catch (error) {
    if (error instanceof OverBudget) throw new RefusedByBudget(error, route, rejected);
    throw error;
  }
}

/** A budget is over: who costs nothing may answer, or it is waited for, or that was it. The configuration says which. */
async function whenOver(
  ports: ModelClientPorts,
  request: AttemptRequest,
  { refusal, route, rejected }: RefusedByBudget,
): Promise<Admitted> {
  const over = ports.config.budgets?.over ?? 'stop';
  if (over !== 'local') {
    const retryAt = over === 'queue' ? refusal.retryAt : undefined;
    throw new NobodyAvailable('Budget.Exhausted', refusal.message, route, rejected, retryAt, refusal.retryAt);
  }
  try {
    return await firstOf(ports, request, await lookAround(ports, request, request.trials, true), refusal.message);
  } catch (error) {
    if (!(error instanceof NobodyAvailable)) throw error;
    const message = `${refusal.message} Nobody who costs nothing can be asked instead. ${error.message}`;
    const { route: looked, rejected: others, retryAt } = error;
    throw new NobodyAvailable('Budget.Exhausted', message, looked, others, retryAt, refusal.retryAt);
  }
}

function inOrder(candidates: readonly RankedCandidate[], first: Candidate | undefined): readonly RankedCandidate[] {
  if (first === undefined) return candidates;
  const isFirst = (one: Candidate): boolean => isSameCandidate(one, first);
  return [...candidates.filter(isFirst), ...candidates.filter((one) => !isFirst(one))];
}

/** How soon it is worth while to look again at a probe that somebody makes. */
const LOOK_AGAIN_MS = 1_000;

async function triedUntil({ breakers }: ModelClientPorts, name: string): Promise<number> {
  const { until = 0 } = await breakers.standing(name);
  return Math.max(until, Date.now() + LOOK_AGAIN_MS);
}

/** A probe that was taken has begun a generation of its own. */
async function generationsOf(
  { breakers }: ModelClientPorts,
  { standings }: Look,
  ranked: RankedCandidate,
  probes: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  const generations = new Map<string, number>();
  for (const name of breakersOf(ranked)) {
    const standing = probes.includes(name) ? await breakers.standing(name) : standings.get(name);
    generations.set(name, standing?.generation ?? 0);
  }
  return generations;
}
