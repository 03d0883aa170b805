import type { PipelineDefinition } from '../../../contracts/definition';
import { checkPipeline } from '../../../contracts/pipeline';
import type { RunInput } from '../../../contracts/run';
import { scopeFor } from '../../../workflows/pipeline/scope';
import type { RunState } from '../../../workflows/pipeline/state';

// What the check lets an expression name, and what the workflow then gives it, are two lists of the same facts.

const source = {
  name: 'x',
  ports: ['web'],
  stages: {
    a: { run: 'x' },
    cells: { needs: 'a', run: 'x', matrix: { n: [1, 2] } },
    fixer: { needs: 'cells', run: 'x' },
    b: { needs: 'fixer', run: 'x', 'on-failure': { fix: 'fixer' } },
  },
};

describe('what an expression may name', () => {
  const scope = scopeOfRun();

  it.each(['run', 'stages.a', 'stages.cells', 'failure'])('of %s is what the workflow provides', (path) => {
    expect(namesAccepted(path)).toEqual(Object.keys(at(scope, path)).sort());
  });

  it('is nothing of a failure before there was one', () => {
    const message = 'when: failure.stage is missing until a stage has failed that this one fixes';
    expect(mistakes('failure.stage == "b"')).toEqual([message]);
    expect(mistakes('has(failure.stage) && failure.stage == "b"')).toEqual([]);
    expect(mistakes('!has(failure.message)')).toEqual([]);
  });

  it('is a list of outputs for a stage in cells', () => {
    expect(Array.isArray(at(scope, 'stages.cells')['output'])).toBe(true);
    expect(mistakes('stages.cells.output[0].any == 1')).toEqual([]);
    expect(mistakes('stages.cells.output.any == 1')).toEqual(['when: stages.cells.output is a list and has no fields']);
  });
});

/** The names the check suggests where one is wrong: there are few, so it tells them all. */
function namesAccepted(path: string): string[] {
  const { problems } = check(`${path}.zzzzzzzzzzzz == 1`);
  return (/^There are (.*)\.$/.exec(problems[0]?.hint ?? '')?.[1] ?? '').split(', ').sort();
}

function mistakes(when: string): string[] {
  return check(when).problems.map(({ message }) => message);
}

function check(when: string) {
  const stages = { ...source.stages, fixer: { ...source.stages.fixer, when } };
  const checked = checkPipeline({ ...source, stages });
  return 'problems' in checked ? checked : { problems: [] };
}

function scopeOfRun() {
  const checked = checkPipeline(source);
  const { definition } = checked as { definition: PipelineDefinition };
  const record = (key: string) => ({ key, kind: 'run', status: 'succeeded', turn: 1, attempt: 1 }) as const;
  const keys = ['a', 'cells[1]', 'cells[2]', 'fixer'];
  const run: Partial<RunInput> = { run: { project: 'p', runId: 'r-1' }, definition, inputs: {}, mode: 'observe' };
  const state: Partial<RunState> = {
    stages: Object.fromEntries(keys.map((key) => [key, record(key)])),
    cells: { cells: ['cells[1]', 'cells[2]'] },
    mending: { fixer: { stage: 'b', failure: { type: 'Stage.CommandFailed', message: 'x' } } } as never,
    priority: 3,
    after: [],
  };
  return scopeFor(run as RunInput, state as RunState, 'fixer') as unknown as Record<string, unknown>;
}

function at(value: Record<string, unknown>, path: string): Record<string, unknown> {
  return path.split('.').reduce((holder, key) => holder[key] as Record<string, unknown>, value);
}
