import { isSameCandidate, type Candidate, type RejectedCandidate, type Route, type RouteRequest } from '../models';
import type { RouteFacts } from './facts';
import { anyFree, localByBudget } from './free';
import { judge, rejectionOf, type Judged } from './judge';
import { isForsaken, lastResortOf } from './last-resort';
import { whoIsMeant, type Meant } from './meant';
import { distinct, type Named } from './names';
import { likingBy } from './prefer';
import { inOrder, rankedOf } from './rank';
import { weigh } from './weigh';

/** Stands behind what was meant where only who costs nothing may be asked. */
export const OVER_BUDGET = '; the budget has nothing left';

/**
 * Who is asked for an answer, best first, who is not, and why. The same request and facts give the same route,
 * wherever it is made.
 *
 * Who is meant is decided by names alone. Each of them is then a candidate, or rejected with a reason. Candidates are
 * ordered by what weighs most: a SOFT policy, failures of this very answer (A, B, A, B …), the local model of a budget
 * with nothing left, the preference of the rule, the order of the names. One that needs a probe keeps its place, or its
 * provider would never be found well again; among those that are liked alike it is last. Where none of them takes the
 * request in time, the last resort of the configuration is looked at as well.
 */
export function route(request: RouteRequest, facts: RouteFacts): Route {
  const { freeOnly } = facts;
  const { meant, local, lastResort, candidates } = namesOf(request, facts);
  const usual = judgeAll(candidates, 0, request, facts);
  const isLast = isForsaken(usual, request);
  const judged = isLast ? [...usual, ...judgeAll(lastResort.candidates, candidates.length, request, facts)] : usual;
  const likingOf = likingBy(
    meant.prefer,
    judged.map(({ weighed }) => weighed),
  );
  const placed = judged
    .filter((one) => one.admitted)
    .map(({ weighed, findings, needsProbe }) => ({
      weighed,
      findings,
      needsProbe,
      liking: likingOf(weighed),
      local: local.candidates.some((one) => isSameCandidate(one, weighed.candidate)),
      lastResort: isLast,
    }));
  return {
    candidates: placed.sort(inOrder).map(rankedOf),
    rejected: [
      ...judged.flatMap((one) => (one.admitted ? [] : [rejectionOf(one.weighed, one.no)])),
      ...[...new Set([...local.nobody, ...meant.nobody, ...(isLast ? lastResort.nobody : [])])].map(namesNobody),
    ],
    by: freeOnly === true ? `${meant.by}${OVER_BUDGET}` : meant.by,
    ...(meant.experiment && { experiment: meant.experiment }),
    findings: judged.flatMap(({ findings }) => findings),
  };
}

/** What names are read by. */
type NameFacts = Pick<RouteFacts, 'config' | 'prices' | 'freeOnly'>;

interface Names {
  readonly meant: Meant;
  /** Who the budget names, where it has nothing left. */
  readonly local: Named;
  readonly candidates: readonly Candidate[];
  /** Those that are none of the candidates. */
  readonly lastResort: Named;
}

/** Who a request may come to by names alone, each once: how these stand has to be known for its route. */
export function candidatesOf(request: RouteRequest, facts: NameFacts): readonly Candidate[] {
  const { candidates, lastResort } = namesOf(request, facts);
  return lastResort.candidates.length === 0 ? candidates : [...candidates, ...lastResort.candidates];
}

function namesOf(request: RouteRequest, facts: NameFacts): Names {
  const meant = whoIsMeant(facts.config, request);
  const local = localByBudget(facts);
  const candidates = distinct([...local.candidates, ...meant.candidates, ...anyFree(facts)]);
  const { candidates: last, nobody } = lastResortOf(facts);
  const others = last.filter((one) => !candidates.some((other) => isSameCandidate(one, other)));
  return { meant, local, candidates, lastResort: { candidates: others, nobody } };
}

function judgeAll(
  candidates: readonly Candidate[],
  firstPlace: number,
  request: RouteRequest,
  facts: RouteFacts,
): readonly Judged[] {
  return candidates.flatMap((candidate, index) => {
    const provider = facts.config.providers.find(({ name }) => name === candidate.provider);
    return provider ? [judge(weigh(candidate, firstPlace + index, provider, request, facts), request, facts)] : [];
  });
}

/** Nothing that a configuration names is lost silently. */
function namesNobody(name: string): RejectedCandidate {
  const slash = name.indexOf('/');
  const [provider, model] = slash > 0 ? [name.slice(0, slash), name.slice(slash + 1)] : [name, '*'];
  return {
    provider,
    model,
    kind: 'unsuited',
    reason: `nobody who is enabled and has a key is called ${name} or lists such a model`,
  };
}
