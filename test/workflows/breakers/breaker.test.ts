import fc from 'fast-check';
import type { BreakerView, ProviderFailure, ProviderReport } from '../../../contracts/breakers';
import {
  DEFAULT_LIMITS,
  REMEMBERED,
  hear,
  isolate,
  newBreaker,
  nextChange,
  reset,
  settle,
  standingOf,
  takeProbe,
} from '../../../workflows/breakers/breaker';
import { readReport } from '../../../workflows/breakers/read-report';

const T0 = 1_800_000_000_000;
const MINUTE = 60_000;
const limits = DEFAULT_LIMITS;

const blip: ProviderFailure = { failure: 'transient', type: 'Provider.Overloaded', message: 'busy' };
const limit: ProviderFailure = { failure: 'limit', type: 'Provider.Quota', message: 'usage limit' };
const auth: ProviderFailure = { failure: 'permanent', type: 'Provider.Auth', message: 'bad key' };

let ids = 0;
const told = (outcome: ProviderReport['outcome'], generation?: number): ProviderReport => ({
  id: `r${(ids += 1)}`,
  at: T0,
  outcome,
  ...(generation !== undefined && { generation }),
});

/** One thing after the other, each at its time. */
function play(...steps: readonly (readonly [at: number, outcome: ProviderReport['outcome']])[]): BreakerView {
  return steps.reduce((now, [at, outcome]) => hear(now, told(outcome), T0 + at, limits), newBreaker(T0));
}

describe('a closed breaker', () => {
  it('opens with the third transient failure in a row, and a success begins the count again', () => {
    expect(play([0, blip], [1, blip])).toMatchObject({ state: 'closed', failures: 2 });
    expect(play([0, blip], [1, blip], [2, 'success'], [3, blip], [4, blip])).toMatchObject({ state: 'closed' });
    expect(play([0, blip], [1, blip], [2, blip])).toMatchObject({
      state: 'open',
      openUntil: T0 + 2 + limits.firstOpenMs.transient,
      why: 'Provider.Overloaded: busy',
    });
  });

  it('opens at once when the key is refused', () => {
    expect(play([0, auth])).toMatchObject({ state: 'open', openUntil: T0 + limits.firstOpenMs.permanent });
  });

  it('opens until the reset that the provider names, and not one that lies in the past or in another year', () => {
    const untilOf = (resetsAt: number) => play([0, { ...limit, resetsAt }]).openUntil;
    expect(untilOf(T0 + 5 * 3_600_000)).toBe(T0 + 5 * 3_600_000);
    expect(untilOf(T0 + 10_000)).toBe(T0 + 10_000);
    expect(untilOf(T0 - 1)).toBe(T0 + limits.firstOpenMs.limit);
    expect(untilOf(T0 * 1_000)).toBe(T0 + limits.firstOpenMs.limit);
  });
});

describe('an open breaker', () => {
  it('takes ten failures of one outage for one trip', () => {
    const together = Array.from({ length: 10 }, () => told(blip, 0));
    const breaker = together.reduce((now, one) => hear(now, one, T0, limits), newBreaker(T0));
    expect(breaker).toMatchObject({ state: 'open', trips: 1, generation: 1 });
  });

  it('stays open longer when a failure knows of a later reset, and never shorter', () => {
    const open = play([0, { ...limit, resetsAt: T0 + 2 * MINUTE }]);
    const later = hear(open, told({ ...limit, resetsAt: T0 + 9 * MINUTE }), T0 + 1, limits);
    expect(later).toMatchObject({ state: 'open', openUntil: T0 + 9 * MINUTE, generation: open.generation });
    const sooner = hear(later, told({ ...limit, resetsAt: T0 + MINUTE }), T0 + 2, limits);
    expect(sooner.openUntil).toBe(T0 + 9 * MINUTE);
  });

  it('is not closed by a success that began before it opened, whether that comes at once or during the probe', () => {
    const open = play([0, limit]);
    const early = hear(open, told('success', 0), T0 + 1, limits);
    expect(early.state).toBe('open');
    const { breaker } = takeProbe(early, { who: 'a' }, open.openUntil!, limits);
    expect(hear(breaker, told('success', 0), open.openUntil! + 1, limits)).toEqual(breaker);
  });
});

describe('a half-open breaker', () => {
  const halfOpen = () => {
    const open = play([0, blip], [0, blip], [0, blip]);
    return { at: open.openUntil!, breaker: settle(open, open.openUntil!) };
  };

  it('gives one probe, and the next when its lease has lapsed; the first one’s result comes too late then', () => {
    const { at, breaker } = halfOpen();
    const first = takeProbe(breaker, { who: 'a', leaseMs: MINUTE }, at, limits);
    expect(first.granted).toBe(true);
    expect(standingOf(first.breaker)).toMatchObject({ state: 'half-open', until: at + MINUTE });
    expect(takeProbe(first.breaker, { who: 'b' }, at + MINUTE - 1, limits).granted).toBe(false);
    const second = takeProbe(first.breaker, { who: 'b' }, at + MINUTE, limits);
    expect(second).toMatchObject({ granted: true, breaker: { probe: { who: 'b' } } });
    const late = hear(second.breaker, told(blip, first.breaker.generation), at + MINUTE + 1, limits);
    expect(late).toEqual(second.breaker);
  });

  it('gives the probe to the next at once when the first is given up, and to nobody for what others give up', () => {
    const { at, breaker } = halfOpen();
    const first = takeProbe(breaker, { who: 'a' }, at, limits).breaker;
    for (const older of [told('abandoned', breaker.generation), told('abandoned')]) {
      expect(hear(first, older, at + 1, limits)).toEqual(first);
    }
    const given = told('abandoned', first.generation);
    const free = hear(first, given, at + 1, limits);
    expect(standingOf(free)).toEqual({ state: 'half-open', why: first.why, generation: first.generation + 1 });
    const second = takeProbe(free, { who: 'b' }, at + 1, limits);
    expect(second.granted).toBe(true);
    expect(hear(second.breaker, given, at + 2, limits)).toEqual(second.breaker);
    expect(hear(second.breaker, told('success', first.generation), at + 2, limits)).toEqual(second.breaker);
  });

  it('closes with the success of its probe, and forgets that it was ever open', () => {
    const { at, breaker } = halfOpen();
    const { breaker: probed } = takeProbe(breaker, { who: 'a' }, at, limits);
    const closed = hear(probed, told('success', probed.generation), at + 1, limits);
    expect(standingOf(closed)).toEqual({ state: 'closed', generation: probed.generation + 1 });
    expect(closed).toMatchObject({ trips: 0, failures: 0 });
  });

  it('opens again for twice as long with each failed probe, up to a limit', () => {
    let { at, breaker } = halfOpen();
    const lengths: number[] = [];
    for (let turn = 0; turn < 7; turn += 1) {
      const probed = takeProbe(breaker, { who: 'a' }, at, limits).breaker;
      const open = hear(probed, told(blip, probed.generation), at, limits);
      lengths.push((open.openUntil! - at) / MINUTE);
      at = open.openUntil!;
      breaker = settle(open, at);
    }
    expect(lengths).toEqual([1, 2, 4, 8, 10, 10, 10]);
  });

  it('does not believe a provider twice that names a reset and then fails its probe', () => {
    const open = play([0, { ...limit, resetsAt: T0 + 1_000 }]);
    const { breaker } = takeProbe(open, { who: 'a' }, T0 + 1_000, limits);
    const again = hear(breaker, told({ ...limit, resetsAt: T0 + 2_000 }), T0 + 1_000, limits);
    expect(again.openUntil).toBe(T0 + 1_000 + 2 * limits.firstOpenMs.limit);
  });
});

describe('an isolated breaker', () => {
  it('says who isolated it and why, and a reset closes it', () => {
    const isolated = isolate(play([0, limit]), { who: 'ada', comment: 'moving keys' }, T0 + 1);
    expect(standingOf(isolated)).toEqual({ state: 'isolated', why: 'isolated by ada: moving keys', generation: 2 });
    expect(standingOf(reset(isolated, T0 + 2))).toEqual({ state: 'closed', generation: 3 });
  });
});

// Anything that may happen to a breaker, in any order and at any time.

type Happening =
  | { readonly do: 'report'; readonly id: number; readonly outcome: ProviderReport['outcome']; readonly age?: number }
  | { readonly do: 'probe'; readonly leaseMs: number }
  | { readonly do: 'isolate' }
  | { readonly do: 'reset' };

const failure = fc.record(
  {
    failure: fc.constantFrom('transient' as const, 'limit' as const, 'permanent' as const),
    type: fc.constant('Provider.Quota' as const),
    message: fc.constant('m'),
    resetsAt: fc.integer({ min: T0 - MINUTE, max: T0 + 120 * MINUTE }),
  },
  { requiredKeys: ['failure', 'type', 'message'] },
);
const happening: fc.Arbitrary<Happening> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record(
      {
        do: fc.constant('report' as const),
        id: fc.nat(12),
        outcome: fc.oneof(fc.constantFrom('success' as const, 'abandoned' as const), failure),
        age: fc.nat(3),
      },
      { requiredKeys: ['do', 'id', 'outcome'] },
    ),
  },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant('probe' as const), leaseMs: fc.integer({ min: 1, max: MINUTE }) }),
  },
  { weight: 1, arbitrary: fc.constant({ do: 'isolate' as const }) },
  { weight: 1, arbitrary: fc.constant({ do: 'reset' as const }) },
);
const story = fc.array(fc.record({ after: fc.integer({ min: 0, max: 15 * MINUTE }), what: happening }), {
  minLength: 1,
  maxLength: 60,
});

interface Step {
  readonly at: number;
  readonly what: Happening;
  /** As it stood just before, time taken into account. */
  readonly before: BreakerView;
  readonly after: BreakerView;
  readonly granted: boolean;
  readonly report?: ProviderReport;
}

function happen(
  breaker: BreakerView,
  what: Happening,
  at: number,
): Pick<Step, 'granted' | 'report'> & { breaker: BreakerView } {
  switch (what.do) {
    case 'report': {
      const { id, outcome, age } = what;
      const generation = age === undefined ? {} : { generation: breaker.generation - age };
      const report = { id: `${id}`, at, outcome, ...generation };
      return { breaker: hear(breaker, report, at, limits), granted: false, report };
    }
    case 'probe':
      return takeProbe(breaker, { who: 'w', leaseMs: what.leaseMs }, at, limits);
    case 'isolate':
      return { breaker: isolate(breaker, { who: 'p' }, at), granted: false };
    case 'reset':
      return { breaker: reset(breaker, at), granted: false };
  }
}

function tell(events: readonly { readonly after: number; readonly what: Happening }[]): Step[] {
  let at = T0;
  let breaker = newBreaker(T0);
  return events.map(({ after: wait, what }) => {
    at += wait;
    const before = settle(breaker, at);
    const { breaker: after, ...rest } = happen(breaker, what, at);
    breaker = after;
    return { at, what, before, after, ...rest };
  });
}

function always(holds: (step: Step, earlier: readonly Step[]) => void): void {
  fc.assert(
    fc.property(story, (events) => {
      const steps = tell(events);
      steps.forEach((step, index) => holds(step, steps.slice(0, index)));
    }),
    { numRuns: 500 },
  );
}

describe('whatever happens', () => {
  it('no two probes are leased at once', () => {
    always(({ at, granted }, earlier) => {
      if (!granted) return;
      const last = earlier.findLastIndex((step) => step.granted);
      if (last < 0) return;
      const { probe } = earlier[last]!.after;
      const ended = earlier
        .slice(last + 1)
        .some(({ after }) => after.state !== 'half-open' || after.probe === undefined);
      expect(probe!.until <= at || ended).toBe(true);
    });
  });

  it('open does not end before its time, except by a person, and its end never comes nearer', () => {
    always(({ at, what, before, after }) => {
      if (before.state !== 'open' || what.do === 'isolate' || what.do === 'reset') return;
      expect(before.openUntil).toBeGreaterThan(at);
      expect(after.state).toBe('open');
      expect(after.openUntil).toBeGreaterThanOrEqual(before.openUntil!);
    });
  });

  it('what was given up changes nothing but a probe', () => {
    always(({ before, after, report }) => {
      if (report?.outcome !== 'abandoned') return;
      const { probe: _, generation: __, ...rest } = before;
      expect(after).toMatchObject(rest);
      expect(after.generation).toBe(
        before.generation + (before.probe !== undefined && after.probe === undefined ? 1 : 0),
      );
    });
  });

  it('isolated ends by reset alone', () => {
    always(({ what, before, after }) => {
      if (before.state !== 'isolated' || what.do === 'reset') return;
      expect(after.state).toBe('isolated');
    });
  });

  it('the same report twice is the same as once', () => {
    always(({ at, after, report }) => {
      if (report !== undefined) expect(hear(after, report, at, limits)).toEqual(after);
    });
  });

  it('a report about an older generation changes nothing', () => {
    always(({ at, after }) => {
      const old = { id: 'old', at, outcome: limit, generation: after.generation - 1 };
      expect(hear(after, old, at, limits)).toEqual(settle(after, at));
    });
  });

  it('the generation never shrinks, and grows with every change of state and every probe', () => {
    always(({ before, after, granted }) => {
      expect(after.generation).toBeGreaterThanOrEqual(before.generation);
      if (after.state !== before.state || granted) expect(after.generation).toBeGreaterThan(before.generation);
    });
  });

  it('every state that is to end has a time at which it does, and what is kept stays small', () => {
    always(({ at, after }) => {
      expect(after.state === 'open').toBe(after.openUntil !== undefined);
      if (after.probe !== undefined) expect(after.state).toBe('half-open');
      const change = nextChange(after);
      if (change !== undefined) expect(settle(after, Math.max(change, at)).generation).toBe(after.generation + 1);
      expect(after.seen.length).toBeLessThanOrEqual(REMEMBERED);
      expect(JSON.parse(JSON.stringify(after))).toEqual(after);
    });
  });
});

describe('what is sent as a report', () => {
  it('is passed over when it is none', () => {
    const report = told({ ...limit, resetsAt: T0 });
    expect(readReport(report)).toEqual(report);
    const bad = [
      undefined,
      null,
      'success',
      {},
      { ...report, id: '' },
      { ...report, id: 'x'.repeat(300) },
      { ...report, at: 'now' },
      { ...report, outcome: 'failure' },
      { ...report, outcome: { ...limit, failure: 'odd' } },
      { ...report, generation: '1' },
    ];
    expect(bad.map(readReport).filter((read) => read !== undefined)).toEqual([]);
  });

  it('keeps the beginning of a message that is a whole page', () => {
    const read = readReport(told({ ...blip, message: '<html>'.repeat(1_000) }));
    expect(read?.outcome).toMatchObject({ message: expect.stringMatching(/^<html>.{294}$/) as string });
  });
});
