import { spawn } from 'node:child_process';
import type { PoolSpec } from '../../../contracts/schemas/pools';
import { FailedError } from '../../faults';
import { isServed } from '../../sessions/host-life';
import { hostName } from '../../sessions/host-name';
import { workerEnvironment } from '../../server/worker-environment';
import { workerProgram } from '../../server/programs';
import type { Cli } from '../cli';
import { addPoolArguments, poolsAskedFor, type PoolArguments } from '../pool-arguments';
import type { AddCommand } from '../program';
import { pause } from '../wait';
import { refuseSecond } from './host';

interface WorkerOptions extends PoolArguments {
  readonly name?: string;
  readonly agents?: string;
  readonly sessions: boolean;
}

export const addWorker: AddCommand = (program, cli) => {
  addPoolArguments(program.command('worker'))
    .description('Serve runs on this host, and sessions of its agents, until Ctrl-C; work in flight is handed over')
    .option('--name <host>', "what its sessions' host is called; the machine's name when absent")
    .option('--agents <file>', 'which agents this host has, as JSON (GANTRY_AGENTS)')
    .option('--no-sessions', 'serve runs alone')
    .action(async (options: WorkerOptions) => {
      const agents = options.agents ?? cli().io.env['GANTRY_AGENTS'];
      const pools = poolsAskedFor(options, agents);
      const host = hostName(options.name);
      const roles = await rolesOf(cli(), host, options, pools);
      cli().handlesInterrupt = true;
      const env = workerEnvironment(cli().io.env, {
        ...{ home: cli().home, target: cli().target, host, roles },
        ...(agents !== undefined && { agents }),
        ...(pools && { pools }),
      });
      // A process of its own: the worker's code is not the client's, and a native crash must not take the CLI along.
      const child = spawn(process.execPath, [workerProgram()], { stdio: 'inherit', env });
      cli().io.signal.addEventListener('abort', () => child.kill('SIGTERM'));
      const code = await new Promise<number | null>((resolve, reject) => {
        child.once('error', reject).once('exit', resolve);
      });
      if (code !== 0) throw new FailedError(`The worker ended with ${code ?? 'a signal'}.`, 'Its log above says why.');
    });
};

/** A second worker of a machine serves runs alone, unless it was told to have sessions of its own. */
async function rolesOf(
  cli: Cli,
  host: string,
  { sessions, name }: WorkerOptions,
  pools: readonly PoolSpec[] | undefined,
): Promise<readonly ('runs' | 'sessions')[]> {
  if (!sessions) return ['runs'];
  if (pools !== undefined || name !== undefined) await refuseSecond(cli, host);
  else if (await isServed(await cli.temporal(), host, (ms) => pause(ms, cli.io.signal))) {
    cli.note(`Host "${host}" serves the sessions of this machine already: this worker serves runs alone.`);
    return ['runs'];
  }
  return ['runs', 'sessions'];
}
