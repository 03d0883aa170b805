import type { PipelineDefinition, StageDefinition } from '../../contracts/definition';

/** The stages of a pipeline and how they need each other. Checked definitions only: every need exists, no cycle. */
export interface Graph {
  readonly stages: readonly StageDefinition[];
  stage(id: string): StageDefinition;
  /** Every stage that must end before this one starts, near or far. */
  ancestors(id: string): ReadonlySet<string>;
  /** Every stage that starts only after this one, near or far. */
  descendants(id: string): ReadonlySet<string>;
}

export function graphOf(definition: PipelineDefinition): Graph {
  const byId = new Map(definition.stages.map((stage) => [stage.id, stage]));
  const needs = new Map(definition.stages.map((stage) => [stage.id, stage.needs]));
  const neededBy = invert(definition.stages);
  return {
    stages: definition.stages,
    stage: (id) => byId.get(id)!,
    ancestors: (id) => reach(id, needs),
    descendants: (id) => reach(id, neededBy),
  };
}

function invert(stages: readonly StageDefinition[]): Map<string, string[]> {
  const neededBy = new Map<string, string[]>(stages.map((stage) => [stage.id, []]));
  for (const stage of stages) {
    for (const need of stage.needs) neededBy.get(need)?.push(stage.id);
  }
  return neededBy;
}

function reach(from: string, edges: ReadonlyMap<string, readonly string[]>): ReadonlySet<string> {
  const seen = new Set<string>();
  const open = [...(edges.get(from) ?? [])];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (seen.has(next)) continue;
    seen.add(next);
    open.push(...(edges.get(next) ?? []));
  }
  return seen;
}
