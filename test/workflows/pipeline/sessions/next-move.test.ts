import fc from 'fast-check';
import type { ClosedPool } from '../../../../contracts/activities';
import { CRITICAL_PRIORITY, PRIORITY, criticalPool } from '../../../../contracts/priority';
import type { QueuePlace } from '../../../../contracts/run';
import { nextMove, priorityNow, type Move, type Waiting } from '../../../../workflows/pipeline/sessions/next-move';

const MINUTE = 60_000;
const AGING_MS = 10 * MINUTE;

const waiting = (more: Partial<Waiting> = {}): Waiting => ({
  chain: ['codex', 'claude', 'gemini'],
  waitMs: 2 * MINUTE,
  priority: PRIORITY.usual,
  agingMs: AGING_MS,
  since: 0,
  closed: [],
  places: [],
  ...more,
});

/** Makes every move at once, and keeps what was done. */
class Play {
  state: Waiting;
  readonly moves: { readonly move: Move; readonly at: number; readonly before: Waiting }[] = [];

  constructor(state: Waiting) {
    this.state = state;
  }

  /** Everything there is to do at a time; gives when to look again. */
  settle(now: number): number | undefined {
    for (let left = 100; left > 0; left -= 1) {
      const move = nextMove(this.state, now);
      if (move.do === 'wait') return move.until;
      this.moves.push({ move, at: now, before: this.state });
      const rest = this.state.places.filter((one) => one !== move.place);
      this.state = { ...this.state, places: move.do === 'join' ? [...rest, move.place] : rest };
    }
    throw new Error('moves without end');
  }

  /** Settle at each time that matters until then. */
  runTo(end: number): void {
    let now = 0;
    for (let looks = 0; now <= end; looks += 1) {
      if (looks > 10_000) throw new Error('looks without end');
      const until = this.settle(now);
      if (until === undefined) return;
      expect(until).toBeGreaterThan(now);
      now = until;
    }
  }

  get pools(): string[] {
    return this.state.places.map((one) => `${one.pool}:${one.priority}`);
  }
}

describe('where a prompt waits', () => {
  it('is one queue after another, each as long as the stage says', () => {
    const play = new Play(waiting());
    expect(play.settle(0)).toBe(2 * MINUTE);
    expect(play.pools).toEqual(['codex:5']);
    expect(play.settle(2 * MINUTE)).toBe(4 * MINUTE);
    expect(play.pools).toEqual(['codex:5', 'claude:5']);
    expect(play.settle(4 * MINUTE)).toBe(AGING_MS);
    expect(play.moves.map(({ move }) => move)).toMatchObject([
      { place: { pool: 'codex' } },
      { place: { pool: 'claude' }, because: 'codex was busy for 2m 00s' },
      { place: { pool: 'gemini' }, because: 'claude was busy for 2m 00s' },
    ]);
  });

  it('is the next pool at once where the first is closed, and the first too when it opens', () => {
    const play = new Play(waiting({ closed: [{ pool: 'codex', why: 'usage limit', until: MINUTE }] }));
    expect(play.settle(0)).toBe(MINUTE);
    expect(play.pools).toEqual(['claude:5']);
    expect(play.moves[0]?.move).toMatchObject({ because: 'codex is closed: usage limit' });
    play.settle(MINUTE);
    expect(play.pools).toEqual(['claude:5', 'codex:5']);
  });

  it('is every queue when all are closed: nothing is dropped', () => {
    const closed = ['codex', 'claude', 'gemini'].map((pool): ClosedPool => ({ pool, why: 'limit' }));
    const play = new Play(waiting({ closed }));
    play.settle(0);
    expect(play.pools).toEqual(['codex:5', 'claude:5', 'gemini:5']);
  });

  it('is a more urgent place for every ten minutes, and its time in each pool goes on', () => {
    const play = new Play(waiting({ chain: ['codex'] }));
    play.settle(0);
    play.settle(AGING_MS);
    expect(play.moves.map(({ move }) => [move.do, 'place' in move ? move.place.priority : 0])).toEqual([
      ['join', 5],
      ['join', 6],
      ['leave', 5],
    ]);
    expect(play.state.places).toEqual([{ pool: 'codex', priority: 6, since: 0 }]);
    expect(play.settle(5 * AGING_MS)).toBeUndefined();
    expect(play.pools).toEqual(['codex:10']);
  });

  it('changes with the priority people ask for, upwards and downwards', () => {
    const play = new Play(waiting({ chain: ['codex'] }));
    play.settle(0);
    play.state = { ...play.state, priority: 9 };
    play.settle(1);
    expect(play.pools).toEqual(['codex:9', 'codex-critical:9']);
    play.state = { ...play.state, priority: 2 };
    play.settle(2);
    expect(play.pools).toEqual(['codex:2']);
    const joins = play.moves.flatMap(({ move }) => (move.do === 'join' ? [move.because] : []));
    expect(joins).toEqual([undefined, 'priority 9 was asked for', 'it is critical', 'priority 2 was asked for']);
  });
});

/** For each pool of the chain the times between which it is closed. */
const scripts = fc
  .record({
    size: fc.integer({ min: 1, max: 5 }),
    waitMs: fc.integer({ min: 0, max: 30 * MINUTE }),
    priority: fc.integer({ min: PRIORITY.lowest, max: PRIORITY.highest }),
    closures: fc.array(
      fc.record({
        pool: fc.nat(4),
        from: fc.nat(60 * MINUTE),
        for: fc.integer({ min: 1, max: 60 * MINUTE }),
        known: fc.boolean(),
      }),
      { maxLength: 6 },
    ),
    looks: fc.array(fc.nat(180 * MINUTE), { maxLength: 20 }),
  })
  .map(({ size, closures, ...rest }) => ({
    ...rest,
    chain: Array.from({ length: size }, (_, index) => `pool-${index}`),
    closures: closures.filter((one) => one.pool < size),
  }));

type Script = typeof scripts extends fc.Arbitrary<infer S> ? S : never;

function closedAt({ closures, chain }: Script, now: number): ClosedPool[] {
  return closures
    .filter((one) => one.from <= now && now < one.from + one.for)
    .map((one) => ({ pool: chain[one.pool]!, why: 'closed', ...(one.known ? { until: one.from + one.for } : {}) }));
}

/** Looks when time says so, whenever a pool opens or closes, and at some other times besides. */
function play(script: Script, each: (play: Play, now: number) => void = () => undefined): Play {
  const { chain, waitMs, priority, closures, looks } = script;
  const game = new Play(waiting({ chain, waitMs, priority }));
  const times = new Set([0, ...looks, ...closures.flatMap((one) => [one.from, one.from + one.for])]);
  for (let now = 0; now !== Infinity;) {
    game.state = { ...game.state, closed: closedAt(script, now) };
    const until = game.settle(now);
    if (until !== undefined) {
      expect(until).toBeGreaterThan(now);
      times.add(until);
    }
    each(game, now);
    now = Math.min(...[...times].filter((one) => one > now));
  }
  return game;
}

const isHeld = (places: readonly QueuePlace[], pool: string): boolean => places.some((one) => one.pool === pool);

describe('whatever opens, closes and how long it takes', () => {
  const holds = (check: (script: Script) => void) => fc.assert(fc.property(scripts, check));

  it('no place is left before the one that replaces it was joined, and a pool once joined is kept', () => {
    holds((script) => {
      const joined = new Set<string>();
      const { moves } = play(script, (game) => {
        for (const place of game.state.places) joined.add(place.pool);
        for (const pool of joined) expect(isHeld(game.state.places, pool)).toBe(true);
      });
      for (const { move, before, at } of moves) {
        if (move.do !== 'leave') continue;
        const priority = priorityNow(before, at);
        expect(before.places.some((one) => one.pool === move.place.pool && one.priority === priority)).toBe(true);
      }
    });
  });

  it('every pool is joined in the end, and none twice at once', () => {
    holds((script) => {
      const { state } = play(script);
      const pools = state.places.map((one) => one.pool);
      expect(pools).toEqual(expect.arrayContaining([...script.chain]));
      expect(new Set(pools).size).toBe(pools.length);
    });
  });

  it('the prompt always waits somewhere, in an open pool if there is one', () => {
    holds((script) => {
      play(script, ({ state }, now) => {
        const closed = closedAt(script, now).map((one) => one.pool);
        const open = script.chain.filter((pool) => !closed.includes(pool));
        expect((open.length === 0 ? script.chain : open).some((pool) => isHeld(state.places, pool))).toBe(true);
      });
    });
  });

  it('a pool is joined only after all before it, but for closed ones, and a closed one only when all are', () => {
    holds((script) => {
      for (const { move, before, at } of play(script).moves) {
        if (move.do !== 'join' || isHeld(before.places, move.place.pool)) continue;
        const index = script.chain.indexOf(move.place.pool);
        if (index < 0) continue;
        const closed = closedAt(script, at).map((one) => one.pool);
        const allClosed = script.chain.every((pool) => closed.includes(pool));
        const earlier = script.chain.slice(0, index);
        expect(earlier.every((pool) => isHeld(before.places, pool) || closed.includes(pool))).toBe(true);
        if (closed.includes(move.place.pool)) expect(allClosed).toBe(true);
      }
    });
  });

  it('priority never falls, and reaches the highest', () => {
    holds((script) => {
      let last = 0;
      const { state } = play(script, (game) => {
        const levels = new Set(game.state.places.map((one) => one.priority));
        expect(levels.size).toBe(1);
        const [level = 0] = levels;
        expect(level).toBeGreaterThanOrEqual(last);
        last = level;
      });
      expect(state.places[0]?.priority).toBe(PRIORITY.highest);
    });
  });

  it('critical prompts, and no others, wait for the sessions kept for them from the start', () => {
    holds((script) => {
      play(script, ({ state }) => {
        const base = state.places.filter((one) => script.chain.includes(one.pool));
        for (const { pool } of base) {
          expect(isHeld(state.places, criticalPool(pool))).toBe(script.priority >= CRITICAL_PRIORITY);
        }
      });
    });
  });
});
