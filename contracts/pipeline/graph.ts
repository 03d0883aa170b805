import { suggestion } from '../nearest-word';
import { problemAt } from './problem';
import type { Path, Problem } from './problem';

/** Which stage waits for which, by id. */
export type Needs = ReadonlyMap<string, readonly string[]>;

/** All stages that have ended when a stage starts, by id. */
export type Ancestors = ReadonlyMap<string, ReadonlySet<string>>;

/**
 * Everything wrong with the edges between stages.
 * @param declared Ids as written, also of stages that could not be read.
 */
export function checkGraph(needs: Needs, declared: ReadonlySet<string>, path: Path): Problem[] {
  const edges = [...needs].flatMap(([stage, needed]) => {
    return needed.flatMap((other, index) => checkEdge(stage, other, declared, [...path, stage, 'needs', index]));
  });
  return [...edges, ...checkCycles(needs, path)];
}

/** The ancestors of every stage. A stage on a cycle is none of its own. */
export function ancestorsOf(needs: Needs): Ancestors {
  return new Map([...needs.keys()].map((stage) => [stage, reach(stage, needs)]));
}

function reach(start: string, needs: Needs): Set<string> {
  const seen = new Set<string>();
  const open = [...(needs.get(start) ?? [])];
  for (let stage = open.pop(); stage !== undefined; stage = open.pop()) {
    if (seen.has(stage) || stage === start || !needs.has(stage)) continue;
    seen.add(stage);
    open.push(...(needs.get(stage) ?? []));
  }
  return seen;
}

function checkEdge(stage: string, other: string, declared: ReadonlySet<string>, path: Path): Problem[] {
  if (other === stage) return [problemAt(path, 'needs itself')];
  if (declared.has(other)) return [];
  const others = [...declared].filter((id) => id !== stage);
  return [problemAt(path, `needs "${other}", which is no stage here`, { hint: suggestion(other, others) })];
}

/** One problem for each circle, at its first stage of the file. */
function checkCycles(needs: Needs, path: Path): Problem[] {
  const done = new Set<string>();
  return [...needs.keys()].flatMap((stage) => {
    if (done.has(stage)) return [];
    const circle = findCircle(stage, needs);
    if (circle === undefined) return [];
    for (const member of circle) done.add(member);
    const message = `waits for itself: ${circle.join(' -> ')}`;
    return [problemAt([...path, stage, 'needs'], message, { hint: 'Take one of these out of needs.' })];
  });
}

/** The shortest way from a stage along `needs` back to it, longer than one step. */
export function findCircle(start: string, needs: Needs): string[] | undefined {
  const cameFrom = new Map<string, string>();
  const open = [start];
  for (const stage of open) {
    for (const next of needs.get(stage) ?? []) {
      if (next === start && stage !== start) return wayBack(start, stage, cameFrom);
      if (next === start || cameFrom.has(next)) continue;
      cameFrom.set(next, stage);
      open.push(next);
    }
  }
  return undefined;
}

function wayBack(start: string, last: string, cameFrom: ReadonlyMap<string, string>): string[] {
  const way = [start];
  for (let stage = last; stage !== start; stage = cameFrom.get(stage) ?? start) way.unshift(stage);
  return [start, ...way];
}
