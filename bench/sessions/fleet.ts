import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import { workerProgram } from '../../client/server/programs';
import { SERVER_SETTINGS } from '../../client/server/settings';
import { supervise, type Supervised } from '../../client/server/supervise';
import { workerEnvironment } from '../../client/server/worker-environment';
import type { Target } from '../../client/target';
import { Temporal } from '../../client/temporal';
import type { HostView } from '../../contracts/sessions';
import type { BenchContext } from '../benchmark';
import { startBenchServer, type BenchServer } from '../server-process';
import { AgentLog } from './agent-log';
import { isOurs, killQuietly } from './processes';

const TASK_QUEUE = 'bench';
/** The one pool of a benchmark. */
export const POOL = 'worker';
const READY_MS = 180_000;

export interface HostOptions {
  readonly name: string;
  readonly sessions: number;
  /** Kept up with an agent that waits for its prompt; otherwise one is started for each. */
  readonly warm: boolean;
  /** A home of its own, as another machine would have. */
  readonly apart?: boolean;
}

/** A server, a worker of runs and hosts of sessions, as processes of their own; agents in real terminals. */
export class Fleet {
  private readonly hosts = new Map<string, { readonly supervised: Supervised; readonly socket: string }>();

  private constructor(
    private readonly context: BenchContext,
    readonly directory: string,
    private readonly server: BenchServer,
    readonly temporal: Temporal,
    private readonly runs: Supervised,
  ) {}

  /** Start everything but hosts. */
  static async start(context: BenchContext, name: string): Promise<Fleet> {
    const directory = join(context.directory, name);
    const server = await startBenchServer({ ...context, directory, settings: SERVER_SETTINGS });
    const target = targetOf(server.address);
    const temporal = await Temporal.connect(target, 'bench');
    const runs = supervise({
      program: process.execPath,
      args: [workerProgram()],
      env: workerEnvironment(context.env, { home: join(directory, 'home'), target, roles: ['runs'] }),
      logFile: join(directory, 'runs.log'),
    });
    const fleet = new Fleet(context, directory, server, temporal, runs);
    onInterrupt(() => fleet.killAll());
    return fleet;
  }

  get client(): Client {
    return this.server.client;
  }

  get taskQueue(): string {
    return TASK_QUEUE;
  }

  get log(): AgentLog {
    return new AgentLog(join(this.directory, 'agent.log'));
  }

  /** Start a host, and come back once it serves and what it keeps warm is ready. */
  async addHost({ name, sessions, warm, apart = false }: HostOptions): Promise<void> {
    const home = join(this.directory, apart ? `home-${name}` : 'home');
    mkdirSync(home, { recursive: true });
    const socket = `gantry-bench-${process.pid}-${this.directory.split('/').at(-1)}-${name}`;
    const supervised = supervise({
      program: process.execPath,
      args: [workerProgram()],
      env: {
        ...workerEnvironment(this.context.env, {
          ...{ home, target: targetOf(this.server.address), host: name, roles: ['sessions'] },
          agents: this.writeAgents(),
          pools: [{ pool: POOL, agent: POOL, min: warm ? sessions : 0, max: sessions }],
        }),
        GANTRY_TMUX_SOCKET: socket,
      },
      logFile: join(this.directory, `${name}.log`),
    });
    this.hosts.set(name, { supervised, socket });
    await this.until(name, (view) => view.sessions.length === sessions);
    if (warm) await this.untilIdle(name);
  }

  /** Until every session of a warm host has an agent that waits. */
  untilIdle(name: string): Promise<HostView> {
    return this.until(name, (view) => view.sessions.every(({ state }) => state === 'idle'));
  }

  async until(name: string, holds: (view: HostView) => boolean): Promise<HostView> {
    const asked = Date.now();
    for (const deadline = asked + READY_MS; Date.now() < deadline; await sleep(100)) {
      const view = (await this.temporal.hosts.find(name))?.view;
      if (view !== undefined && view.at > asked && holds(view)) return view;
    }
    throw new Error(`The host ${name} was not as it should be within ${READY_MS / 1_000} s; see ${this.directory}.`);
  }

  hostPid(name: string): number {
    return this.hosts.get(name)!.supervised.pid!;
  }

  /** SIGKILL; it is started again as `gantry dev` would. */
  killHost(name: string): void {
    this.hosts.get(name)!.supervised.kill();
  }

  tmuxPid(name: string): number | undefined {
    return Number(this.tmux(name, 'display-message', '-p', '#{pid}')) || undefined;
  }

  /** Agents that have a terminal, by their ids: also one that has not said a word yet. */
  agentsInTerminals(name: string): string[] {
    const owners = this.tmux(name, 'list-panes', '-a', '-F', '#{@gantry_agent}').split('\n');
    return owners.filter((owner) => owner !== '');
  }

  private tmux(name: string, ...args: readonly string[]): string {
    try {
      return execFileSync('tmux', ['-L', this.hosts.get(name)!.socket, ...args], { encoding: 'utf8', stdio: 'pipe' });
    } catch {
      return ''; // there is no server
    }
  }

  /** End everything, hosts first: nothing is left behind but files. */
  async stop(): Promise<void> {
    await Promise.all([...this.hosts.values(), { supervised: this.runs }].map(({ supervised }) => supervised.stop()));
    await this.temporal.close();
    await this.server.stop();
    this.killAll();
  }

  private killAll(): void {
    for (const [name, { supervised }] of this.hosts) {
      supervised.kill();
      this.tmux(name, 'kill-server');
    }
    this.runs.kill();
    for (const pid of this.agentProcesses()) killQuietly(pid);
  }

  /** Agents that are alive, and what they started. */
  agentProcesses(): number[] {
    const pids = this.log.all().flatMap((entry) => {
      if (entry.what === 'started') return [entry.pid];
      return entry.what === 'child' ? [entry.child] : [];
    });
    return pids.filter((pid) => this.isAgentProcess(pid));
  }

  isAgentProcess(pid: number): boolean {
    return isOurs(pid, `GANTRY_AGENT_LOG=${this.log.path}`);
  }

  /** What one dispatch left in the home that hosts share. */
  dispatchFile(dispatchId: string, file: string): string {
    return join(this.directory, 'home', 'dispatches', dispatchId, file);
  }

  private writeAgents(): string {
    const path = join(this.directory, 'agents.json');
    const agent = {
      kind: 'generic',
      command: [process.execPath, join(__dirname, '..', 'sessions-agent.js')],
      ready: 'event',
      set: { GANTRY_AGENT_LOG: this.log.path },
      'free-memory-mb': 0,
    };
    writeFileSync(path, JSON.stringify({ [POOL]: agent }));
    return path;
  }
}

function targetOf(address: string): Target {
  return { address, namespace: 'default', taskQueue: TASK_QUEUE, source: 'bench', connection: {} };
}

/** What is started here leads groups of its own: Ctrl-C does not reach it by itself. */
function onInterrupt(cleanUp: () => void): void {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      cleanUp();
      process.exit(130);
    });
  }
}
