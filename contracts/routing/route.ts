import { isSameCandidate, type Candidate, type RejectedCandidate, type Route, type RouteRequest } from '../models';
import type { RouteFacts } from './facts';
import { anyFree, localByBudget } from './free';
import { judge, rejectionOf } from './judge';
import { whoIsMeant, type Meant } from './meant';
import { distinct, type Named } from './names';
import { likingBy } from './prefer';
import { inOrder, rankedOf } from './rank';
import { weigh } from './weigh';

/**
 * Who is asked for an answer, best first, who is not, and why. The same request and facts give the same route,
 * wherever it is made.
 *
 * Who is meant is decided by names alone. Each of them is then a candidate, or rejected with a reason. Candidates are
 * ordered by what weighs most: a SOFT policy, failures of this very answer (A, B, A, B …), the local model of a budget
 * with nothing left, the preference of the rule, the order of the names. One that needs a probe keeps its place, or its
 * provider would never be found well again; among those that are liked alike it is last.
 */
export function route(request: RouteRequest, facts: RouteFacts): Route {
  const { config, freeOnly } = facts;
  const { meant, local, candidates } = namesOf(request, facts);
  const all = candidates.flatMap((candidate, place) => {
    const provider = config.providers.find(({ name }) => name === candidate.provider);
    return provider ? [weigh(candidate, place, provider, request, facts)] : [];
  });
  const judged = all.map((weighed) => judge(weighed, request, facts));
  const likingOf = likingBy(meant.prefer, all);
  const placed = judged
    .filter((one) => one.admitted)
    .map(({ weighed, findings, needsProbe }) => ({
      weighed,
      findings,
      needsProbe,
      liking: likingOf(weighed),
      local: local.candidates.some((one) => isSameCandidate(one, weighed.candidate)),
    }));
  return {
    candidates: placed.sort(inOrder).map(rankedOf),
    rejected: [
      ...judged.flatMap((one) => (one.admitted ? [] : [rejectionOf(one.weighed, one.no)])),
      ...[...new Set([...local.nobody, ...meant.nobody])].map(namesNobody),
    ],
    by: freeOnly === true ? `${meant.by}; the budget has nothing left` : meant.by,
    ...(meant.experiment && { experiment: meant.experiment }),
    findings: judged.flatMap(({ findings }) => findings),
  };
}

/** What names are read by. */
type NameFacts = Pick<RouteFacts, 'config' | 'prices' | 'freeOnly'>;

/** Who a request may come to by names alone, each once: how these stand has to be known for its route. */
export function candidatesOf(request: RouteRequest, facts: NameFacts): readonly Candidate[] {
  return namesOf(request, facts).candidates;
}

function namesOf(
  request: RouteRequest,
  facts: NameFacts,
): { readonly meant: Meant; readonly local: Named; readonly candidates: readonly Candidate[] } {
  const meant = whoIsMeant(facts.config, request);
  const local = localByBudget(facts);
  return { meant, local, candidates: distinct([...local.candidates, ...meant.candidates, ...anyFree(facts)]) };
}

/** Nothing that a configuration names is lost silently. */
function namesNobody(name: string): RejectedCandidate {
  const slash = name.indexOf('/');
  const [provider, model] = slash > 0 ? [name.slice(0, slash), name.slice(slash + 1)] : [name, '*'];
  return { provider, model, kind: 'unsuited', reason: `no enabled provider is called ${name} or lists such a model` };
}
