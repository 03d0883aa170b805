import type { Cli } from '../../client/cli/cli';
import { columns } from '../../client/cli/render/paint';
import { renderQueue } from '../../client/cli/render/queue';
import { renderStageWait } from '../../client/cli/render/stage-wait';
import { pause } from '../../client/cli/wait';
import { readQueue } from '../../client/sessions/read-queue';
import { lookAtWaiting } from '../../client/sessions/read-waiting';
import { stageWait } from '../../client/sessions/stage-wait';
import { BUILT_IN_HOST } from '../../client/server/serve-locally';
import { statusQuery } from '../../contracts/messages';
import type { AgentLogs } from './agent-logs';
import { judge, type Queued } from './judge';
import type { Patience } from './patience';
import { POOLS, SESSIONS } from './pools';
import { heldPrompts, sendAll, waitingPrompts, warmUpPrompts } from './prompts';

const LOOK_MS = 100;
const STEP_MS = 60_000;
const AGENTS = POOLS.map(({ agent }) => agent);

export interface Stage {
  readonly patience: Patience;
  readonly logs: AgentLogs;
}

/** The story, step by step; true when every prompt was done once. Ends early on Ctrl-C. */
export async function playBusyPool(cli: Cli, { patience, logs }: Stage): Promise<boolean> {
  const taken = () => logs.taken(AGENTS).length;
  const untilTaken = (count: number) => until(cli, () => taken() >= count);

  headline(cli, `${SESSIONS} sessions take a prompt each, so that their host knows how long a turn takes`);
  await untilAllIdle(cli);
  await sendAll(cli, warmUpPrompts());
  await untilTaken(SESSIONS);

  headline(cli, 'and then one that keeps every one of them busy');
  await untilAllIdle(cli);
  await sendAll(cli, heldPrompts());
  await untilTaken(2 * SESSIONS);

  headline(cli, 'Fifty prompts of two projects wait for codex now, and nobody is idle:');
  const queued = await sendAll(cli, waitingPrompts());
  await showQueue(cli);
  await showCallers(cli, queued);

  headline(cli, 'Those that may go elsewhere have waited long enough: claude is asked too');
  await until(cli, async () => (await waitingIn(cli, 'claude')) === queued.filter(({ overflows }) => overflows).length);
  await showQueue(cli, 'claude');

  headline(cli, 'The sessions finish what they had. Who goes next:');
  patience.release();
  await showStarts(cli, queued, () => logs.taken(AGENTS).slice(2 * SESSIONS));
  if (cli.io.signal.aborted) return false;
  const { ok, lines } = await judge(await cli.temporal(), queued, logs.taken(AGENTS));
  headline(cli, 'What the agents themselves wrote down:');
  for (const line of lines) tell(cli, `  ${line}`);
  return ok;
}

async function untilAllIdle(cli: Cli): Promise<void> {
  await until(cli, async () => {
    const host = await (await cli.temporal()).hosts.find(BUILT_IN_HOST);
    return host?.view?.sessions.filter(({ state }) => state === 'idle').length === SESSIONS;
  });
}

async function waitingIn(cli: Cli, pool: string): Promise<number> {
  const { pools } = await readQueue(await cli.temporal());
  return pools.find((one) => one.pool === pool)?.depth ?? 0;
}

/** As `gantry queue` shows it. */
async function showQueue(cli: Cli, pool?: string): Promise<void> {
  const report = await readQueue(await cli.temporal());
  const pools = report.pools.filter((one) => pool === undefined || one.pool === pool);
  tell(cli, renderQueue({ ...report, pools }, { paint: cli.paint, width: cli.width }));
}

/** What three of those who sent the prompts see of theirs: as `gantry status` shows it. */
async function showCallers(cli: Cli, queued: readonly Queued[]): Promise<void> {
  const temporal = await cli.temporal();
  const rows = [];
  for (const { run, priority } of [queued[0]!, queued[1]!, queued[2]!]) {
    const view = await temporal.runs.query(run, statusQuery);
    const waiting = await lookAtWaiting(temporal)(view);
    const [record] = view.stages;
    const [stage] = waiting?.definition.stages ?? [];
    if (record === undefined || waiting === undefined || stage?.kind !== 'agent') continue;
    const wait = stageWait(run, record, Date.now(), { queue: waiting.queue, stage });
    if (wait)
      rows.push([`  ${run.project}/${run.runId}`, `priority ${priority}`, renderStageWait(wait, { at: Date.now() })]);
  }
  tell(cli, ['', 'What its caller sees of each, for instance:', ...columns(rows)].join('\n'));
}

/** A line for each prompt as an agent takes it. */
async function showStarts(cli: Cli, queued: readonly Queued[], taken: () => ReturnType<AgentLogs['taken']>) {
  const byName = new Map(queued.map((one) => [one.name, one]));
  let shown = 0;
  await until(cli, () => {
    for (const { agent, sha256 } of taken().slice(shown)) {
      shown += 1;
      const one = byName.get(sha256);
      if (one === undefined) continue;
      const how = one.overflows && agent === 'claude' ? cli.paint.yellow('  went elsewhere') : '';
      tell(
        cli,
        `  ${String(shown).padStart(2)}  priority ${one.priority}  ${agent.padEnd(6)}  ${one.run.project}/${one.run.runId}${how}`,
      );
    }
    return shown >= queued.length;
  });
}

async function until(cli: Cli, holds: () => boolean | Promise<boolean>): Promise<void> {
  const { signal } = cli.io;
  for (const deadline = Date.now() + STEP_MS; !signal.aborted && !(await holds()); await pause(LOOK_MS, signal)) {
    if (Date.now() > deadline) throw new Error(`This step of the example took more than ${STEP_MS / 1_000} s.`);
  }
}

function headline(cli: Cli, text: string): void {
  if (!cli.io.signal.aborted) tell(cli, `\n${cli.paint.bold(text)}`);
}

function tell(cli: Cli, text: string): void {
  cli.io.stdout.write(`${text}\n`);
}
