import { setTimeout as sleep } from 'node:timers/promises';
import { atMost } from '../../client/at-most';
import { PIPELINE_RUN } from '../../contracts/messages';
import type { RunResult } from '../../contracts/run';
import type { BenchContext } from '../benchmark';
import type { Figure } from '../figures';
import { AcceptedPrompts } from './accepted-prompts';
import { Fleet } from './fleet';
import { killQuietly } from './processes';
import { STAGE, sendAll, type Sent } from './prompts';
import { seededRandom } from './seeded-random';

const HOST = 'mortal';
const SESSIONS = 20;
const ATTEMPTS = 10;
/** What it may take on a machine that has nothing else to do, and when to stop waiting on any. */
const LIMIT_S = 8 * 60;
const GIVE_UP_MS = 20 * 60_000;
const LOOK_MS = 100;
const RESULTS_AT_ONCE = 16;

/** One of these dies each time so many prompts are done, each somewhere within its own stretch. */
const EVERY = { agent: 12, host: 190, terminals: 240 } as const;
type Victim = keyof typeof EVERY;

/**
 * Prompts in a queue while agents, the host and the tmux server are killed at random moments. What counts is what the
 * agents themselves wrote down.
 */
export async function randomKills(context: BenchContext): Promise<Figure[]> {
  const count = context.quick ? 60 : context.dispatches;
  const fleet = await Fleet.start(context, 'kills');
  try {
    await fleet.addHost({ name: HOST, sessions: SESSIONS, warm: false });
    context.say(`sessions: ${count} prompts to ${SESSIONS} sessions, with kills`);
    const random = seededRandom(4);
    const began = Date.now();
    const work = Array.from({ length: count }, () => ({ workMs: 20 + random() * 280, attempts: ATTEMPTS }));
    const sent = await sendAll(fleet, work);
    const { kills, results } = await killUntilDone(fleet, sent, random, context);
    return figuresOf({ ...{ fleet, sent, results, kills, seconds: (Date.now() - began) / 1_000 }, say: context.say });
  } finally {
    await fleet.stop();
  }
}

interface Kills {
  /** Agents that died of them, by their ids. */
  readonly agents: ReadonlySet<string>;
  readonly counts: Readonly<Record<Victim, number>>;
}

async function killUntilDone(fleet: Fleet, sent: readonly Sent[], random: () => number, { say }: BenchContext) {
  const agents = new Set<string>();
  const counts = { agent: 0, host: 0, terminals: 0 };
  const due = plan(sent.length, random);
  for (const deadline = Date.now() + GIVE_UP_MS; Date.now() < deadline; await sleep(LOOK_MS)) {
    const done = await endedRuns(fleet);
    if (done >= sent.length) break;
    while (due.length > 0 && due[0]!.at <= done) {
      const { victim } = due.shift()!;
      for (const agent of kill(fleet, victim, random)) agents.add(agent);
      counts[victim] += 1;
      const at = new Date().toISOString();
      if (victim !== 'agent') say(`sessions: ${done} of ${sent.length} done, killed the ${victim} at ${at}`);
    }
  }
  return { results: await resultsSoFar(sent), kills: { agents, counts } };
}

async function endedRuns({ client }: Fleet): Promise<number> {
  const query = `WorkflowType = '${PIPELINE_RUN}' AND ExecutionStatus != 'Running'`;
  return (await client.workflow.count(query)).count;
}

/** Of runs that have ended. */
async function resultsSoFar(sent: readonly Sent[]): Promise<ReadonlyMap<string, RunResult>> {
  const results = await atMost(RESULTS_AT_ONCE, sent, async ({ run, handle }) => {
    const { status } = await handle.describe();
    return [run, status.name === 'COMPLETED' ? ((await handle.result()) as RunResult) : undefined] as const;
  });
  return new Map(results.flatMap(([run, result]) => (result === undefined ? [] : [[run, result] as const])));
}

/** Who dies, and after how many prompts. The last stretch is left in peace: everybody ends in the end. */
function plan(count: number, random: () => number): { readonly at: number; readonly victim: Victim }[] {
  const victims = Object.entries(EVERY) as [Victim, number][];
  return victims
    .flatMap(([victim, every]) => {
      const times = Math.floor((count * 0.95) / every) + (count < every ? 1 : 0);
      return Array.from({ length: times }, (_, index) => ({
        at: Math.min((index + random()) * every, count * 0.95),
        victim,
      }));
    })
    .sort((a, b) => a.at - b.at);
}

/** Kill one; gives the agents that go with it. A host's agents live on. */
function kill(fleet: Fleet, victim: Victim, random: () => number): string[] {
  if (victim === 'host') {
    fleet.killHost(HOST);
    return [];
  }
  if (victim === 'agent') {
    const alive = fleet.log.of('started').filter(({ pid }) => fleet.isAgentProcess(pid));
    const one = alive[Math.floor(random() * alive.length)];
    if (one === undefined) return [];
    killQuietly(one.pid);
    return [one.agent];
  }
  const server = fleet.tmuxPid(HOST);
  const agents = fleet.agentsInTerminals(HOST);
  if (server !== undefined) killQuietly(server);
  return agents;
}

function figuresOf(seen: {
  readonly fleet: Fleet;
  readonly sent: readonly Sent[];
  readonly results: ReadonlyMap<string, RunResult>;
  readonly kills: Kills;
  readonly seconds: number;
  readonly say: BenchContext['say'];
}): Figure[] {
  const { fleet, sent, results, kills, seconds, say } = seen;
  const prompts = new AcceptedPrompts(fleet, STAGE);
  const runs = sent.map(({ run }) => {
    const result = results.get(run);
    return { run, ok: result?.status === 'SUCCESS', ...prompts.of(run, result?.view.stages[0]?.attempt) };
  });
  const count = (name: string, ours: number, more: Partial<Figure> = {}): Figure => ({
    ...{ name: `kills: ${name}`, unit: 'count', pairs: [{ ours }] },
    ...more,
  });
  const all = <T>(pick: (run: (typeof runs)[number]) => readonly T[]): T[] => runs.flatMap(pick);
  const unexplained = all(({ failed }) => failed.filter((agent) => !kills.agents.has(agent)));
  for (const { run, failed } of runs) {
    if (failed.every((agent) => kills.agents.has(agent))) continue;
    const retried = results.get(run)?.carried.audit.filter(({ what }) => what === 'stage.retried') ?? [];
    const texts = retried.map(({ at, text }) => `${new Date(at).toISOString()} ${text}`);
    say(`sessions: nobody killed an agent of ${run}: ${texts.join('; ')}`);
  }
  return [
    count('prompts', sent.length),
    count('prompts whose run succeeded', runs.filter(({ ok }) => ok).length),
    count('accepted by the agent whose attempt counts', runs.filter(({ counted }) => counted === 1).length),
    count('accepted twice by one attempt', all(({ twice }) => twice).length, { limit: 0 }),
    count('lost', runs.filter(({ ok, counted }) => !ok || counted === 0).length, { limit: 0 }),
    count('attempts beyond the first', all(({ failed }) => failed).length),
    count('attempts beyond the first whose agent nobody killed', unexplained.length, { limit: 0 }),
    ...Object.entries(kills.counts).map(([victim, times]) => count(`times killed: ${victim}`, times)),
    { name: 'kills: all prompts done after', unit: 's', pairs: [{ ours: seconds }], limit: LIMIT_S },
  ];
}
