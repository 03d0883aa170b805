import type { BenchContext } from '../benchmark';
import type { Figure } from '../figures';
import { Fleet } from './fleet';
import { percentile } from './percentile';
import { resultsOf, sendAll } from './prompts';
import { seededRandom } from './seeded-random';
import { timelinesOf, type Timeline } from './timeline';

const SESSIONS = 10;

/** How much of their time sessions have no prompt, or their agents no turn, while prompts wait. */
export async function idleShare(context: BenchContext): Promise<Figure[]> {
  const fleet = await Fleet.start(context, 'idle');
  const turns = context.quick ? 30 : 200;
  try {
    await fleet.addHost({ name: 'busy', sessions: SESSIONS, warm: false });
    context.say(`sessions: ${turns} short turns in ${SESSIONS} sessions`);
    const random = seededRandom(7);
    const work = Array.from({ length: turns }, () => ({ workMs: 300 + random() * 1_200 }));
    const sent = await sendAll(fleet, work);
    await resultsOf(sent);
    return figuresOf(await timelinesOf(fleet, sent));
  } finally {
    await fleet.stop();
  }
}

function figuresOf(timelines: readonly Timeline[]): Figure[] {
  // From the first prompt until the last one leaves the queue: all that time some prompt waits.
  const from = Math.min(...timelines.map(({ leased }) => leased));
  const until = Math.max(...timelines.map(({ leased }) => leased));
  const whole = (until - from) * SESSIONS;
  const within = (begin: number, end: number) => Math.max(0, Math.min(end, until) - Math.max(begin, from));
  const share = (begin: keyof Timeline, end: keyof Timeline) =>
    (100 * sum(timelines.map((one) => within(Number(one[begin]), Number(one[end]))))) / whole;
  const gaps = gapsOf(timelines);
  const percent = (name: string, ours: number, more: Partial<Figure> = {}): Figure => ({
    ...{ name: `while prompts wait: ${name}`, unit: '%', pairs: [{ ours }] },
    ...more,
  });
  return [
    percent('sessions without a prompt', 100 - share('leased', 'ended'), { limit: 10 }),
    percent('agents at their turn', share('accepted', 'done')),
    percent('from the lease to the prompt in the pane', share('leased', 'inPane')),
    percent('from the pane to accepted', share('inPane', 'accepted')),
    percent('from the end of the turn until the session is free', share('done', 'ended')),
    { name: 'free → next lease, p50', unit: 'ms', pairs: [{ ours: percentile(gaps, 0.5) }] },
    { name: 'free → next lease, p99', unit: 'ms', pairs: [{ ours: percentile(gaps, 0.99) }] },
  ];
}

/** From a session's release to its next lease. */
function gapsOf(timelines: readonly Timeline[]): number[] {
  const inOrder = [...timelines].sort((a, b) => a.leased - b.leased);
  return inOrder.flatMap((one, index) => {
    const next = inOrder.slice(index + 1).find(({ session }) => session === one.session);
    return next === undefined ? [] : [next.leased - one.ended];
  });
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
