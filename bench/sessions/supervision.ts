import { setTimeout as sleep } from 'node:timers/promises';
import { cancelUpdate } from '../../contracts/messages';
import type { BenchContext } from '../benchmark';
import type { Figure } from '../figures';
import { Fleet } from './fleet';
import { cpuMsWithChildren } from './processes';
import { sendAll } from './prompts';

const HOST = 'watched';
const FOREVER_MS = 600_000;
/** What a start leaves to do: code that is compiled, memory that is collected. */
const SETTLE_MS = 5_000;

/** What it costs to look after sessions: CPU of the host's process, and of the programs it starts, of one core. */
export async function supervision(context: BenchContext): Promise<Figure[]> {
  const fleet = await Fleet.start(context, 'supervision');
  const [sessions, forMs] = context.quick ? [5, 10_000] : [30, 60_000];
  try {
    context.say(`sessions: waiting for ${sessions} warm sessions`);
    await fleet.addHost({ name: HOST, sessions, warm: true });
    context.say(`sessions: ${sessions} idle ones for ${forMs / 1_000} s`);
    const idle = await measure(fleet, forMs, `${sessions} idle sessions`);
    const sent = await sendAll(
      fleet,
      Array.from({ length: sessions }, () => ({ workMs: FOREVER_MS })),
    );
    await fleet.until(HOST, (view) => view.sessions.every(({ state }) => state === 'working'));
    context.say(`sessions: ${sessions} working ones for ${forMs / 1_000} s`);
    const working = await measure(fleet, forMs, `${sessions} working sessions`);
    await Promise.all(sent.map(({ handle }) => handle.executeUpdate(cancelUpdate, { args: [{ who: 'bench' }] })));
    return [...idle, ...working];
  } finally {
    await fleet.stop();
  }
}

async function measure(fleet: Fleet, forMs: number, label: string): Promise<Figure[]> {
  await sleep(SETTLE_MS);
  const pid = fleet.hostPid(HOST);
  const terminals = fleet.tmuxPid(HOST)!;
  const before = { host: cpuMsWithChildren(pid), tmux: cpuMsWithChildren(terminals), at: Date.now() };
  await sleep(forMs);
  const after = { host: cpuMsWithChildren(pid), tmux: cpuMsWithChildren(terminals), at: Date.now() };
  const share = (ms: number) => (100 * ms) / (after.at - before.at);
  const own = share(after.host.own - before.host.own);
  const started = share(after.host.children - before.host.children);
  const percent = (name: string, ours: number, limit?: number): Figure => ({
    ...{ name: `${label}: ${name}`, unit: '%', pairs: [{ ours }] },
    ...(limit !== undefined && { limit }),
  });
  return [
    percent('CPU of one core', own + started, 5),
    percent("of it the host's own process", own),
    percent('of it programs it starts', started),
    percent('besides, the tmux server', share(after.tmux.own - before.tmux.own)),
  ];
}
