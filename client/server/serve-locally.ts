import path from 'node:path';
import type { PoolSpec } from '../../contracts/schemas/pools';
import { WORKER_ROLES } from '../../contracts/task-queues';
import { isAlive, removeServerAddress, writeServerAddress } from '../home';
import type { Target } from '../target';
import { findTemporalCli } from './find-temporal';
import { startOffline, type Offline } from './offline';
import { startGateway } from './local-gateway';
import { workerProgram } from './programs';
import { startServer, type RunningServer } from './start-server';
import { supervise, type Supervised } from './supervise';
import { workerEnvironment } from './worker-environment';

export interface LocalOptions {
  readonly home: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly taskQueue: string;
  readonly namespace: string;
  readonly port?: number;
  readonly uiPort?: number;
  /** Runs outlive the server in a file under `home`, unless `memory`. */
  readonly storage: 'file' | 'memory';
  readonly workers: number;
  /** A JSON file that says which agents this host has. */
  readonly agents?: string;
  /** The configuration of models: an absolute path, known to have no mistake. */
  readonly config?: string;
  /** Also serve the model and the agent that need neither key nor network. */
  readonly offline: boolean;
  /** The pools of its built-in session host; what the agents file says when absent. */
  readonly pools?: readonly PoolSpec[];
  /** Also serve models over OpenAI's protocol, where the configuration says. */
  readonly gateway?: boolean;
  readonly say: (line: string) => void;
}

/** A server, its workers and, if asked for, the offline model: everything that one machine needs. */
export interface LocalServing {
  readonly server: RunningServer;
  readonly target: Target;
  readonly workers: readonly Supervised[];
  readonly offline?: Offline;
  readonly logs: string;
  /** SIGKILL to the server, as a power cut would. It stays down until `startServerAgain`. */
  killServer(): Promise<void>;
  startServerAgain(): Promise<void>;
  /** Workers first, so that they can say goodbye; then the server. */
  stop(): Promise<void>;
}

/** The session host that `gantry dev` has built in. */
export const BUILT_IN_HOST = 'local';

/** Start everything and come back when the server serves; workers announce themselves on the task queue. */
export async function serveLocally(options: LocalOptions): Promise<LocalServing> {
  const { home, env, say } = options;
  const logs = path.join(home, 'logs');
  const cli = await findTemporalCli({ env, progress: say, install: true });
  let server = await startServer({
    executable: cli.path,
    logFile: path.join(logs, 'server.log'),
    namespace: options.namespace,
    ...(options.port !== undefined && { port: options.port }),
    ...(options.uiPort !== undefined && { uiPort: options.uiPort }),
    ...(options.storage === 'file' && { dbFile: path.join(home, 'server', 'temporal.db') }),
  });
  const target = targetOf(server, options);
  let offline: Offline | undefined;
  let wanted = true;
  let childPids: readonly number[] = [];
  const record = () => {
    const { address, namespace, ui, pid } = server;
    writeServerAddress(home, {
      address,
      namespace,
      ...(ui && { ui }),
      serverPid: pid,
      ownerPid: process.pid,
      childPids,
    });
  };
  record();
  const started = (pid: number) => {
    childPids = [...childPids.filter(isAlive), pid];
    record();
  };

  const startAgain = async () => {
    server = await server.again();
    record();
    guard();
  };
  /** A server that dies unasked is started again: runs wait for it, and nothing of them is lost with a file. */
  const guard = () => {
    const guarded = server;
    void guarded.ended.then(async () => {
      if (!wanted || guarded !== server) return;
      say('the Temporal server died; starting it again');
      await startAgain().catch((error: unknown) => say(`the server did not come back: ${(error as Error).message}`));
    });
  };
  guard();

  let workers: readonly Supervised[] = [];
  let gateway: Supervised | undefined;
  try {
    if (options.offline)
      offline = await startOffline({
        home,
        env,
        logs,
        onStart: started,
        ...(options.agents && { agents: options.agents }),
      });
    workers = startWorkers(options, target, logs, { offline, started });
    if (options.gateway === true) gateway = startGateway(options, target, logs, { offline, started });
  } catch (error) {
    wanted = false;
    await offline?.stop();
    await server.stop();
    removeServerAddress(home);
    throw error;
  }

  return {
    get server() {
      return server;
    },
    target,
    workers,
    logs,
    ...(offline && { offline }),
    async killServer() {
      wanted = false;
      await server.kill();
    },
    async startServerAgain() {
      wanted = true;
      await startAgain();
    },
    async stop() {
      wanted = false;
      // What it has drawn from budgets is settled with a worker.
      await gateway?.stop();
      await Promise.all(workers.map((worker) => worker.stop()));
      await offline?.stop();
      await server.stop();
      removeServerAddress(home);
    },
  };
}

function targetOf({ address, namespace, ui }: RunningServer, { taskQueue }: LocalOptions): Target {
  return { address, namespace, taskQueue, source: 'gantry dev', connection: {}, ...(ui && { ui }) };
}

function startWorkers(
  options: LocalOptions,
  target: Target,
  logs: string,
  { offline, started }: { readonly offline: Offline | undefined; readonly started: (pid: number) => void },
): Supervised[] {
  const agents = offline?.agents ?? options.agents;
  const common = {
    home: options.home,
    target,
    host: BUILT_IN_HOST,
    ...(agents !== undefined && { agents }),
    ...(options.config !== undefined && { config: options.config }),
    ...(offline && { offlineModelUrl: offline.modelUrl }),
    ...(options.pools && { pools: options.pools }),
  };
  return Array.from({ length: options.workers }, (_, index) =>
    supervise({
      program: process.execPath,
      args: [workerProgram()],
      // Sessions have one host: the other workers serve runs alone.
      env: workerEnvironment(options.env, { ...common, roles: index === 0 ? WORKER_ROLES : ['runs', 'models'] }),
      logFile: path.join(logs, options.workers === 1 ? 'worker.log' : `worker-${index + 1}.log`),
      onStart: started,
      onDeath: ({ pid, how, againInMs }) =>
        options.say(`worker ${pid} died (${how}); starting it again in ${againInMs / 1000} s. Its log: ${logs}`),
    }),
  );
}
