import { checkedConfigFile } from '../../config';
import { UserError } from '../../faults';
import { isAlive, readServerAddress } from '../../home';
import { isOwnProcess } from '../../server/own-process';
import { BUILT_IN_HOST, serveLocally, type LocalServing } from '../../server/serve-locally';
import { freePort, isPortFree, stopProcess } from '../../server/start-server';
import { Temporal } from '../../temporal';
import type { Cli } from '../cli';
import { addPoolArguments, poolsAskedFor, type PoolArguments } from '../pool-arguments';
import type { AddCommand } from '../add-command';
import { modelsLine } from '../render/models-line';
import { portNumber } from '../port-number';
import { pause, untilAborted } from '../wait';
import { positiveInteger } from '../arguments';

const PORT = 7233;
const UI_PORT = 8233;

export const addDev: AddCommand = (program, cli) => {
  addPoolArguments(program.command('dev'))
    .description('Serve on this machine: Temporal, workers and Web UI, until Ctrl-C; runs outlive it')
    .option('--port <port>', `where Temporal listens; ${PORT} when that is free`, portNumber)
    .option('--ui-port <port>', `where the Web UI listens; ${UI_PORT} when that is free`, portNumber)
    .option('--workers <count>', 'worker processes', positiveInteger, 1)
    .option('--agents <file>', 'which agents this host has, as JSON (GANTRY_AGENTS)')
    .option('--memory', 'keep runs in memory only: faster, and gone afterwards')
    .option(
      '--gateway',
      "also serve models over OpenAI's protocol, where the configuration says; else on 127.0.0.1:4180",
    )
    .option('--offline', 'also serve a model and an agent that need neither key nor network')
    .action(async (options: DevOptions) => {
      const { io, home } = cli();
      cli().handlesInterrupt = true;
      const agents = options.agents ?? io.env['GANTRY_AGENTS'];
      const offline = options.offline === true;
      const pools = poolsAskedFor(options, agents, { offline });
      const config = await checkedConfigFile(cli().configPlace, offline);
      await takeOver(cli());
      const serving = await serveLocally({
        ...{ home, env: io.env, say: (line) => cli().note(line), workers: options.workers },
        ...{ taskQueue: cli().target.taskQueue, namespace: cli().target.namespace },
        ...{ storage: options.memory ? 'memory' : 'file', offline },
        ...{ port: await choosePort(options.port, PORT), uiPort: await choosePort(options.uiPort, UI_PORT) },
        ...(agents !== undefined && { agents }),
        ...(config !== undefined && { config }),
        ...(pools && { pools }),
        ...(options.gateway === true && { gateway: true }),
      });
      try {
        await untilWorkersPoll(cli(), serving);
        const models = modelsLine(await cli().config(), io.env, offline);
        announce(cli(), serving, { models, gateway: options.gateway === true });
        await untilAborted(io.signal);
      } finally {
        cli().note('Stopping: workers, then the server.');
        await serving.stop();
      }
    });
};

interface DevOptions extends PoolArguments {
  readonly port?: number;
  readonly uiPort?: number;
  readonly workers: number;
  readonly agents?: string;
  readonly memory?: boolean;
  readonly offline?: boolean;
  readonly gateway?: boolean;
}

async function choosePort(wanted: number | undefined, usual: number): Promise<number> {
  if (wanted === undefined) return (await isPortFree(usual)) ? usual : freePort();
  if (await isPortFree(wanted)) return wanted;
  throw new UserError(`Port ${wanted} is taken.`, 'Name another, or none to get a free one.');
}

/** One `gantry dev` per home. A server that a killed one left behind is ended: its file is this one's. */
async function takeOver(cli: Cli): Promise<void> {
  const running = readServerAddress(cli.home);
  if (!running) return;
  if (isAlive(running.ownerPid)) {
    throw new UserError(
      `gantry dev runs already (process ${running.ownerPid}) and serves ${running.address}.`,
      'Stop that one, or give this one a home of its own: --home FOLDER.',
    );
  }
  const left = [...running.childPids, running.serverPid].filter(isOwnProcess);
  if (left.length > 0) cli.note(`Ending what a killed gantry dev left behind (processes ${left.join(', ')}).`);
  for (const pid of left) await stopProcess(pid);
}

async function untilWorkersPoll(cli: Cli, { target }: LocalServing): Promise<void> {
  const temporal = await Temporal.connect(target, 'gantry dev');
  try {
    while (!cli.io.signal.aborted) {
      const { workflow } = await temporal.queues.pollers();
      if (workflow.length > 0) return;
      await pause(200, cli.io.signal);
    }
  } finally {
    await temporal.close();
  }
}

function announce(
  cli: Cli,
  { server, workers, logs, offline }: LocalServing,
  { models, gateway }: { readonly models: string | undefined; readonly gateway: boolean },
): void {
  const { paint } = cli;
  const lines = [
    `${paint.green('✓')} gantry serves.`,
    `  Temporal   ${server.address}, namespace ${server.namespace}`,
    `  Web UI     ${server.ui ?? 'none'}`,
    `  Workers    ${workers.map(({ pid }) => pid).join(', ')}`,
    ...(models === undefined ? [] : [`  Models     ${models}`]),
    ...(offline ? [`  Offline    a scripted model at ${offline.modelUrl} and the agent "offline"`] : []),
    ...(gateway ? ['  Gateway    http://127.0.0.1:4180/v1, unless the configuration says otherwise'] : []),
    `  Sessions   of host "${BUILT_IN_HOST}": gantry sessions`,
    `  Logs       ${logs}`,
    '',
    `Start something: ${paint.cyan('gantry start FILE.yaml --repo . --watch')}. Ctrl-C ends it all; runs go on next time.`,
  ];
  const { address, namespace, ui } = server;
  cli.answer({ address, namespace, ui, workers: workers.map(({ pid }) => pid), logs }, lines.join('\n'));
}
