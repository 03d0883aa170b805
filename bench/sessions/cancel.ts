import { setTimeout as sleep } from 'node:timers/promises';
import { atMost } from '../../client/at-most';
import { cancelUpdate } from '../../contracts/messages';
import type { BenchContext } from '../benchmark';
import type { Figure } from '../figures';
import { Fleet } from './fleet';
import { percentile } from './percentile';
import { send } from './prompts';

const SESSIONS = 5;
const LOOK_MS = 10;
const GIVE_UP_MS = 60_000;
const FOREVER_MS = 600_000;

/** From the request to cancel a run until nothing of its agent lives, when a child of the agent ignores SIGTERM. */
export async function cancelToGone(context: BenchContext): Promise<Figure[]> {
  const fleet = await Fleet.start(context, 'cancel');
  const times = context.quick ? 5 : 50;
  try {
    await fleet.addHost({ name: 'cancelled', sessions: SESSIONS, warm: false });
    context.say(`sessions: ${times} cancels of agents at work`);
    const waits = await atMost(SESSIONS, Array.from({ length: times }), () => cancelOne(fleet));
    const gone = waits.map((wait) => wait.gone);
    const seconds = (name: string, ours: number, limit?: number): Figure => ({
      ...{ name: `cancel: ${name}`, unit: 's', pairs: [{ ours }] },
      ...(limit !== undefined && { limit }),
    });
    return [
      seconds(`request → all its processes gone, p50 of ${times}`, percentile(gone, 0.5)),
      seconds('request → all its processes gone, p99', percentile(gone, 0.99), 5),
      seconds(
        'request → the run has ended, p99',
        percentile(
          waits.map((wait) => wait.ended),
          0.99,
        ),
      ),
    ];
  } finally {
    await fleet.stop();
  }
}

async function cancelOne(fleet: Fleet) {
  const { run, handle } = await send(fleet, { workMs: FOREVER_MS, children: true });
  const pids = await processesOf(fleet, run);
  const asked = Date.now();
  await handle.executeUpdate(cancelUpdate, { args: [{ who: 'bench' }] });
  for (const deadline = asked + GIVE_UP_MS; pids.some((pid) => fleet.isAgentProcess(pid)); await sleep(LOOK_MS)) {
    if (Date.now() > deadline) throw new Error(`Processes of ${run} live on after ${GIVE_UP_MS / 1_000} s.`);
  }
  const gone = (Date.now() - asked) / 1_000;
  await handle.result().catch(() => undefined); // Temporal calls a cancelled run failed
  return { gone, ended: (Date.now() - asked) / 1_000 };
}

/** The agent of a run and both its children, once they are there. */
async function processesOf(fleet: Fleet, run: string): Promise<number[]> {
  for (const deadline = Date.now() + GIVE_UP_MS; Date.now() < deadline; await sleep(LOOK_MS)) {
    const children = fleet.log.of('child').filter((entry) => entry.run === run);
    if (children.length === 2) return [children[0]!.pid, ...children.map(({ child }) => child)];
  }
  throw new Error(`The agent of ${run} did not start its children within ${GIVE_UP_MS / 1_000} s.`);
}
