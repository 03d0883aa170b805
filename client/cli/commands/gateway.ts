import { spawn } from 'node:child_process';
import { checkedConfigFile } from '../../config';
import { gatewayEnvironment } from '../../server/gateway-environment';
import { gatewayProgram } from '../../server/programs';
import type { AddCommand } from '../add-command';
import { portNumber } from '../port-number';
import { programEnded } from '../program-ended';

interface GatewayOptions {
  readonly port?: number;
  readonly host?: string;
}

export const addGateway: AddCommand = (program, cli) => {
  program
    .command('gateway')
    .description("Serve models over OpenAI's protocol, until Ctrl-C; what is in flight is answered first")
    .option('--port <port>', 'where it listens; what the configuration says, else 4180', portNumber)
    .option('--host <address>', 'on which address; 127.0.0.1 unless the configuration says otherwise and has keys')
    .action(async ({ port, host }: GatewayOptions) => {
      const { io, home, target, configPlace } = cli();
      const config = await checkedConfigFile(configPlace);
      cli().handlesInterrupt = true;
      const env = gatewayEnvironment(io.env, {
        ...{ home, target },
        ...(config !== undefined && { config }),
        ...(port !== undefined && { port }),
        ...(host !== undefined && { host }),
      });
      // A process of its own, as a worker is: its code is not the client's.
      const child = spawn(process.execPath, [gatewayProgram()], { stdio: 'inherit', env });
      io.signal.addEventListener('abort', () => child.kill('SIGTERM'));
      const code = await new Promise<number | null>((resolve, reject) => {
        child.once('error', reject).once('exit', resolve);
      });
      programEnded('gateway', code);
    });
};
