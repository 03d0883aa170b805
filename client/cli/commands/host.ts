import type { PoolSpec } from '../../../contracts/schemas/pools';
import type { HostView } from '../../../contracts/sessions';
import { checkedConfigFile } from '../../config';
import { Fault, RefusedError } from '../../faults';
import { startHost, takeOverHost } from '../../server/host-process';
import { drain, isServed, untilUp } from '../../sessions/host-life';
import { hostName } from '../../sessions/host-name';
import { poolsOf } from '../../sessions/pool-options';
import { readAgents } from '../../sessions/read-agents';
import type { Temporal } from '../../temporal';
import type { Cli } from '../cli';
import { addPoolArguments, type PoolArguments } from '../pool-arguments';
import type { AddCommand } from '../add-command';
import { pause, untilAborted } from '../wait';

const UP_MS = 30_000;

interface HostOptions extends PoolArguments {
  readonly name?: string;
  readonly agents?: string;
  readonly drain?: boolean;
}

export const addHost: AddCommand = (program, cli) => {
  addPoolArguments(program.command('host'))
    .description('Serve sessions of agents on this machine, until Ctrl-C; agents at work go on for its next start')
    .option('--name <host>', "what this host is called; the machine's name when absent")
    .option('--agents <file>', 'which agents this host has, as JSON (GANTRY_AGENTS)')
    .option('--drain', 'on Ctrl-C, wait until agents have ended what they are at; a second Ctrl-C leaves at once')
    .action(async (options: HostOptions) => {
      const agents = options.agents ?? cli().io.env['GANTRY_AGENTS'];
      const pools = poolsOf(options, readAgents(agents));
      const name = hostName(options.name ?? cli().io.env['GANTRY_HOST']);
      const config = await checkedConfigFile(cli().configPlace);
      await serve(cli(), {
        ...{ name, pools, drains: options.drain === true },
        ...(agents !== undefined && { agents }),
        ...(config !== undefined && { config }),
      });
    });
};

interface Serving {
  readonly name: string;
  readonly pools: readonly PoolSpec[];
  readonly agents?: string;
  readonly config?: string;
  readonly drains: boolean;
}

async function serve(cli: Cli, serving: Serving): Promise<void> {
  const { name, drains, ...told } = serving;
  const { home, target, io } = cli;
  const { signal } = io;
  const say = (line: string) => cli.note(line);
  const temporal = await cli.temporal();
  const before = await takeOverHost(home, name, say);
  await refuseSecond(cli, name);
  cli.handlesInterrupt = true;
  const since = Date.now();
  const host = startHost({ home, env: io.env, target, name, say, ...told });
  let drained = false;
  try {
    const wait = (ms: number) => pause(ms, signal);
    const view = await untilUp(temporal, name, { since, withinMs: UP_MS, wait, signal });
    if (view && before.drained) await temporal.hosts.control(name, { who: cli.who, action: 'undrain', targets: [] });
    announce(cli, serving, view, host.logFile);
    await untilAborted(signal);
    if (drains) drained = await drainFirst(cli, temporal, name);
  } finally {
    cli.note(`Host ${name} leaves.`);
    await host.stop({ drained });
  }
}

/** False where it was not even begun. */
async function drainFirst(cli: Cli, temporal: Temporal, name: string): Promise<boolean> {
  const { insisted } = cli.io;
  if (insisted?.aborted === true) return false;
  cli.note('Draining: agents end what they are at. Ctrl-C again leaves at once; they go on for the next start.');
  const asked = { who: cli.who, wait: (ms: number) => pause(ms, insisted), say: (line: string) => cli.note(line) };
  try {
    await drain(temporal, name, { ...asked, ...(insisted && { signal: insisted }) });
    return true;
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    cli.note(`Not drained: ${error.message}`);
    return false;
  }
}

/** Two processes under one name would promise the same sessions twice. Fails: RefusedError. */
export async function refuseSecond(cli: Cli, name: string): Promise<void> {
  const wait = (ms: number) => pause(ms, cli.io.signal);
  if (!(await isServed(await cli.temporal(), name, wait))) return;
  throw new RefusedError(
    `A host "${name}" serves already.`,
    'See it with `gantry sessions`, or give this one a name of its own with --name.',
  );
}

function announce(cli: Cli, { name, pools }: Serving, view: HostView | undefined, logFile: string): void {
  const { paint } = cli;
  if (cli.io.signal.aborted) return;
  if (!view)
    cli.note(`Host ${name} has not come up in ${UP_MS / 1000} s: nobody serves runs yet, or its log says why.`);
  const sessions = view?.sessions.map(({ name: session }) => session) ?? [];
  const answer = { host: name, pools, sessions, logs: logFile };
  const lines = [
    view
      ? `${paint.green('✓')} Host ${paint.bold(name)} serves.`
      : `${paint.yellow('·')} Host ${paint.bold(name)} starts.`,
    ...pools.map(({ pool, agent, min, max }) => {
      const size = min === max ? `${max}` : `${min}..${max}`;
      return `  ${pool.padEnd(16)} ${size} of ${agent}`;
    }),
    ...(sessions.length > 0 ? [`  Sessions         ${sessions.join(', ')}`] : []),
    `  Attach           ${paint.cyan(`gantry sessions attach ${name}/${sessions[0] ?? 'SESSION'}`)}`,
    `  Log              ${logFile}`,
    '',
    `See them with ${paint.cyan('gantry sessions')}, who waits with ${paint.cyan('gantry queue')}. Ctrl-C ends it; agents at work go on.`,
  ];
  cli.answer(answer, lines.join('\n'));
}
