import { spawn } from 'node:child_process';
import { FailedError } from '../../faults';
import { workerEnvironment } from '../../server/worker-environment';
import { workerProgram } from '../../server/programs';
import type { AddCommand } from '../program';

export const addWorker: AddCommand = (program, cli) => {
  program
    .command('worker')
    .description('Serve runs on this host, until Ctrl-C; work in flight is handed over')
    .option('--agents <file>', 'which agents this host has, as JSON (GANTRY_AGENTS)')
    .action(async ({ agents }: { agents?: string }) => {
      cli().handlesInterrupt = true;
      const env = workerEnvironment(cli().io.env, {
        home: cli().home,
        target: cli().target,
        ...(agents && { agents }),
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
