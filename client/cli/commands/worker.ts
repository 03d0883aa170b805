import { spawn } from 'node:child_process';
import { InvalidArgumentError } from 'commander';
import { WORKER_ROLES, type WorkerRole } from '../../../contracts/task-queues';
import { checkedConfigFile } from '../../config';
import { hostName } from '../../sessions/host-name';
import { workerEnvironment } from '../../server/worker-environment';
import { workerProgram } from '../../server/programs';
import { addPoolArguments, poolsAskedFor, type PoolArguments } from '../pool-arguments';
import type { AddCommand } from '../add-command';
import { programEnded } from '../program-ended';
import { refuseSecond } from './host';

interface WorkerOptions extends PoolArguments {
  readonly name?: string;
  readonly agents?: string;
  readonly sessions: boolean;
  readonly roles?: readonly WorkerRole[];
}

export const addWorker: AddCommand = (program, cli) => {
  addPoolArguments(program.command('worker'))
    .description('Serve runs on this host, and sessions of its agents, until Ctrl-C; work in flight is handed over')
    .option('--name <host>', "what its sessions' host is called; the machine's name when absent")
    .option('--agents <file>', 'which agents this host has, as JSON (GANTRY_AGENTS)')
    .option('--no-sessions', 'serve runs and models alone')
    .option(
      '--roles <list>',
      `what it serves, with commas between: ${WORKER_ROLES.join(', ')}; all when absent`,
      readRoles,
    )
    .action(async (options: WorkerOptions) => {
      const agents = options.agents ?? cli().io.env['GANTRY_AGENTS'];
      const pools = poolsAskedFor(options, agents);
      const config = await checkedConfigFile(cli().configPlace);
      const host = hostName(options.name ?? cli().io.env['GANTRY_HOST']);
      const roles = rolesOf(options);
      // Without pools of its own it stands by where another process serves the sessions of this home already.
      if (pools !== undefined && roles.includes('sessions')) await refuseSecond(cli(), host);
      cli().handlesInterrupt = true;
      const env = workerEnvironment(cli().io.env, {
        ...{ home: cli().home, target: cli().target, host, roles },
        ...(agents !== undefined && { agents }),
        ...(config !== undefined && { config }),
        ...(pools && { pools }),
      });
      // A process of its own: the worker's code is not the client's, and a native crash must not take the CLI along.
      const child = spawn(process.execPath, [workerProgram()], { stdio: 'inherit', env });
      cli().io.signal.addEventListener('abort', () => child.kill('SIGTERM'));
      const code = await new Promise<number | null>((resolve, reject) => {
        child.once('error', reject).once('exit', resolve);
      });
      programEnded('worker', code);
    });
};

function rolesOf({ roles = WORKER_ROLES, sessions }: WorkerOptions): readonly WorkerRole[] {
  return sessions ? roles : roles.filter((role) => role !== 'sessions');
}

function readRoles(text: string): readonly WorkerRole[] {
  const names = text.split(',').map((name) => name.trim());
  const unknown = names.find((name) => !WORKER_ROLES.some((role) => role === name));
  if (unknown === undefined) return WORKER_ROLES.filter((role) => names.includes(role));
  throw new InvalidArgumentError(`There is no role "${unknown}": ${WORKER_ROLES.join(', ')}.`);
}
