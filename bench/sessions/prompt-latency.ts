import type { SessionView } from '../../contracts/sessions';
import type { BenchContext } from '../benchmark';
import type { Figure } from '../figures';
import { Fleet } from './fleet';
import { percentile } from './percentile';
import { resultsOf, sendAll } from './prompts';
import { timelinesOf, type Timeline } from './timeline';

const HOST = 'warm';
/** Longer than a burst takes to be typed: what the end of a turn costs is not in the figure of a prompt. */
const TURN_MS = 3_000;

/** From the decision to send a prompt to its bytes in the pane, with every session idle and an agent waiting in it. */
export async function promptLatency(context: BenchContext): Promise<Figure[]> {
  const fleet = await Fleet.start(context, 'latency');
  const sessions = context.quick ? 5 : 30;
  try {
    context.say(`sessions: waiting for ${sessions} warm sessions`);
    await fleet.addHost({ name: HOST, sessions, warm: true });
    await burst(fleet, 1, 3); // code that is not compiled yet
    const bursts = context.quick
      ? [
          { size: 1, times: 5 },
          { size: 5, times: 1 },
        ]
      : [
          { size: 1, times: 60 },
          { size: 10, times: 10 },
          { size: 30, times: 5 },
        ];
    const figures: Figure[] = [];
    for (const { size, times } of bursts) {
      context.say(`sessions: prompt to idle session, ${size} at once, ${times} times`);
      figures.push(...figuresOf(size, await burst(fleet, size, times)));
    }
    return figures;
  } finally {
    await fleet.stop();
  }
}

async function burst(fleet: Fleet, size: number, times: number): Promise<Timeline[]> {
  const timelines: Timeline[] = [];
  for (let time = 0; time < times; time += 1) {
    // An agent is used once, and the next one takes a moment to come: a few of the thirty may be missing.
    await fleet.until(HOST, ({ sessions }) => idle(sessions) >= Math.max(size, sessions.length - 5));
    const sent = await sendAll(
      fleet,
      Array.from({ length: size }, () => ({ workMs: size === 1 ? 100 : TURN_MS })),
    );
    await resultsOf(sent);
    timelines.push(...(await timelinesOf(fleet, sent)));
  }
  return timelines;
}

function idle(sessions: readonly SessionView[]): number {
  return sessions.filter(({ state }) => state === 'idle').length;
}

/** The whole of it, and where it goes. */
const PARTS: readonly (readonly [name: string, from: keyof Timeline, to: keyof Timeline])[] = [
  ['decided → leased', 'decided', 'leased'],
  ['leased → host takes it', 'leased', 'taken'],
  ['host takes it → claimed', 'taken', 'claimed'],
  ['claimed → typing begins', 'claimed', 'paste'],
  ['typing begins → bytes in the pane', 'paste', 'inPane'],
  ['bytes in the pane → Enter', 'inPane', 'enter'],
  ['Enter → accepted', 'enter', 'accepted'],
];

function figuresOf(size: number, timelines: readonly Timeline[]): Figure[] {
  const label = size === 1 ? 'one at a time' : `${size} at once`;
  const between = (from: keyof Timeline, to: keyof Timeline) =>
    timelines.map((timeline) => Number(timeline[to]) - Number(timeline[from]));
  const whole = between('decided', 'inPane');
  const figure = (name: string, value: number, more: Partial<Figure> = {}): Figure => ({
    ...{ name: `prompt, ${label}: ${name}`, unit: 'ms', pairs: [{ ours: value }] },
    ...more,
  });
  return [
    figure(`decided → bytes in the pane, p50 of ${whole.length}`, percentile(whole, 0.5)),
    figure('decided → bytes in the pane, p99', percentile(whole, 0.99), { limit: 1_000, aim: 250 }),
    ...PARTS.flatMap(([name, from, to]) => [
      figure(`  ${name}, p50`, percentile(between(from, to), 0.5)),
      figure(`  ${name}, p99`, percentile(between(from, to), 0.99)),
    ]),
  ];
}
