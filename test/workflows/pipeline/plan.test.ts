import fc from 'fast-check';
import type { PipelineDefinition } from '../../../contracts/definition';
import type { RunInput } from '../../../contracts/run';
import { graphOf } from '../../../workflows/pipeline/graph';
import { conclude, isSettled, nextStep, stageStatus } from '../../../workflows/pipeline/plan';
import type { RunEvent } from '../../../workflows/pipeline/run-events';
import { reduce } from '../../../workflows/pipeline/reduce';
import { initialState, type RunState } from '../../../workflows/pipeline/state';
import { pipeline } from '../../support/pipelines';

// Pure: a run is played by hand, with no worker and no server.
class Play {
  state: RunState;
  readonly busy = new Set<string>();
  readonly entered: string[] = [];
  private readonly run: RunInput;
  private readonly graph;
  private clock = 0;

  constructor(
    readonly definition: PipelineDefinition,
    private readonly parallel = 20,
  ) {
    this.run = {
      run: { project: 'p', runId: 'r-1' },
      definition,
      inputs: {},
      mode: 'fix_forward',
      priority: 3,
      startedBy: 'tester',
    };
    this.graph = graphOf(definition);
    this.state = initialState(this.run, 0);
  }

  apply(event: RunEvent): void {
    this.state = reduce(this.state, event, (this.clock += 1));
  }

  /** Take every step there is now. */
  advance(): void {
    for (;;) {
      const { run, graph, state, busy, parallel } = this;
      const step = nextStep({ run, graph, state, busy, parallel });
      if (step === undefined) return;
      switch (step.do) {
        case 'skip':
          this.apply({ type: 'stage.skipped', key: step.stage.id, kind: step.stage.kind, reason: step.reason });
          break;
        case 'expand':
          this.apply({ type: 'cells.expanded', stage: step.stage.id, kind: step.stage.kind, cells: step.cells });
          break;
        case 'start':
          this.apply({ type: 'stage.entered', key: step.key, kind: step.stage.kind, waits: false });
          this.busy.add(step.key);
          this.entered.push(step.key);
          break;
        case 'break':
        case 'stop':
          throw new Error(`did not expect to ${step.do}`);
      }
    }
  }

  finish(key: string, well: boolean): void {
    this.busy.delete(key);
    const turn = this.state.stages[key]!.turn;
    if (well) return this.apply({ type: 'stage.succeeded', key, turn, product: {} });
    this.apply({
      type: 'stage.failed',
      key,
      turn,
      product: {},
      failure: { type: 'Stage.CommandFailed', message: 'x' },
    });
    this.apply({ type: 'stopped', stop: { kind: 'failed', stage: key } });
  }

  status(id: string): string {
    return stageStatus(this.state, this.graph.stage(id));
  }
}

/** Definitions without cycles: each stage needs some of those before it, in a shuffled file. */
const definitions = fc
  .integer({ min: 1, max: 12 })
  .chain((size) =>
    fc.tuple(
      ...Array.from({ length: size }, (_, index) =>
        fc.subarray(Array.from({ length: index }, (_unused, one) => `s${one}`)),
      ),
    ),
  )
  .chain((needs) =>
    fc.shuffledSubarray(
      needs.map((list, index) => ({ id: `s${index}`, needs: list })),
      { minLength: needs.length },
    ),
  )
  .map((stages) =>
    pipeline({
      stages: Object.fromEntries(stages.map(({ id, needs }) => [id, { needs, run: 'true', workspace: 'none' }])),
    }),
  );

describe('the plan of a run', () => {
  it('enters every stage once, after all it needs, whatever the order in which they finish', () => {
    fc.assert(
      fc.property(
        definitions,
        fc.infiniteStream(fc.nat()),
        fc.integer({ min: 1, max: 4 }),
        (definition, picks, parallel) => {
          const play = new Play(definition, parallel);
          for (play.advance(); play.busy.size > 0; play.advance()) {
            expect(play.busy.size).toBeLessThanOrEqual(parallel);
            const working = [...play.busy];
            for (const key of working) {
              const { needs } = definition.stages.find((stage) => stage.id === key)!;
              expect(needs.every((need) => isSettled(play.status(need) as never))).toBe(true);
            }
            play.finish(working[(picks.next().value as number) % working.length]!, true);
          }
          expect(conclude(definition, play.state)).toBe('SUCCESS');
          expect([...play.entered].sort()).toEqual(definition.stages.map((stage) => stage.id).sort());
        },
      ),
    );
  });

  it('enters nothing more once a stage has failed, and ends when the others have', () => {
    fc.assert(
      fc.property(definitions, fc.nat(), (definition, pick) => {
        const play = new Play(definition);
        play.advance();
        const working = [...play.busy];
        play.finish(working[pick % working.length]!, false);
        const before = play.entered.length;
        for (play.advance(); play.busy.size > 0; play.advance()) play.finish([...play.busy][0]!, true);
        expect(play.entered).toHaveLength(before);
        expect(['PARTIAL_SUCCESS', 'SYSTEM_FAILURE']).toContain(conclude(definition, play.state));
      }),
    );
  });

  const chain = (): PipelineDefinition =>
    pipeline({
      stages: {
        a: { run: 'a', workspace: 'none' },
        b: { needs: 'a', run: 'b', workspace: 'none' },
      },
    });

  it('enters nothing while the run is paused or waits for other runs', () => {
    for (const event of [
      { type: 'paused', paused: true, who: 'x' },
      { type: 'after.waiting', waiting: true },
    ] as const) {
      const play = new Play(chain());
      play.apply(event);
      play.advance();
      expect(play.entered).toEqual([]);
      expect(conclude(play.definition, play.state)).toBeUndefined();
    }
  });

  it('counts prompts in queues as work, since each has a worktree, and gates as none', () => {
    const stages = {
      a: { agent: 'codex', prompt: 'x' },
      b: { agent: 'codex', prompt: 'x' },
      c: { agent: 'codex', prompt: 'x' },
    };
    const play = new Play(pipeline({ stages }), 1);
    play.advance();
    play.apply({ type: 'prompt.waits', key: 'a' });
    play.advance();
    expect(play.entered).toEqual(['a']);
    const failure = { type: 'Agent.Crashed', message: 'x' } as const;
    play.apply({ type: 'stage.failed', key: 'a', turn: 1, product: {}, failure });
    play.apply({ type: 'stage.asking', key: 'a', asking: true });
    play.advance();
    expect(play.entered).toEqual(['a', 'b']);
  });

  it('never enters a stage beside what is left of its last turn', () => {
    const play = new Play(chain());
    play.advance();
    play.apply({ type: 'reset', keys: ['a'] });
    play.advance();
    expect(play.entered).toEqual(['a']);
    play.busy.delete('a');
    play.advance();
    expect(play.entered).toEqual(['a', 'a']);
  });

  it('takes no notice of an ending that belongs to an earlier turn', () => {
    const play = new Play(chain());
    play.advance();
    play.apply({ type: 'reset', keys: ['a'] });
    play.busy.delete('a');
    play.advance();
    play.apply({ type: 'stage.succeeded', key: 'a', turn: 1, product: {} });
    expect(play.state.stages['a']).toMatchObject({ status: 'running', turn: 2 });
  });

  it('counts turns upwards through resets, resumes and snapshots', () => {
    const play = new Play(chain());
    play.advance();
    for (let turn = 1; turn <= 5; turn += 1) {
      expect(play.state.stages['a']?.turn).toBe(turn);
      play.apply(turn % 2 === 0 ? { type: 'reset', keys: ['a'] } : { type: 'forgotten', keys: ['a'] });
      play.state = JSON.parse(JSON.stringify(play.state)) as RunState;
      play.busy.clear();
      play.advance();
    }
  });

  it('expands a reset matrix anew and keeps the finished cells of a resumed one', () => {
    const definition = pipeline({ stages: { m: { matrix: { x: [1, 2] }, run: 'x', workspace: 'none' } } });
    const play = new Play(definition);
    play.advance();
    expect(play.entered).toEqual(['m[1]', 'm[2]']);
    play.finish('m[1]', true);
    play.busy.clear();
    play.apply({ type: 'forgotten', keys: ['m[2]'] });
    play.advance();
    expect(play.entered).toEqual(['m[1]', 'm[2]', 'm[2]']);
    play.busy.clear();
    play.apply({ type: 'reset', keys: ['m[1]', 'm[2]'] });
    play.advance();
    expect(play.entered.slice(3)).toEqual(['m[1]', 'm[2]']);
  });
});
