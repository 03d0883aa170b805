import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { startServer, type RunningServer } from '../../client/server/start-server';
import type { PipelineDefinition } from '../../contracts/definition';
import { runWorkflowId } from '../../contracts/ids';
import { PIPELINE_RUN } from '../../contracts/messages';
import { PRIORITY } from '../../contracts/priority';
import type { RunInput } from '../../contracts/run';
import { compileSources } from './compile-sources';
import { RunHandle } from './run-harness';
import { waitUntil } from './wait-until';

const AGENT = join(__dirname, 'agents', 'terminal-agent.mjs');

/** What an agent of test/support/agents writes down of itself. */
export interface AgentEntry {
  readonly what: string;
  readonly pid?: number;
  readonly dispatch?: string;
}

/**
 * Everything a person would have: a server on a file, a worker process with the real activities, a tmux server, an
 * agent, a repository. Each of them can be killed and started again.
 */
export class LiveSystem {
  private static count = 0;
  readonly root = mkdtempSync(join(tmpdir(), 'gantry-live-'));
  readonly home = join(this.root, 'home');
  readonly repository = join(this.root, 'repository');
  readonly agentLog = join(this.root, 'agent.log');
  /** The agent works until this file is there. */
  readonly mayFinish = join(this.root, 'may-finish');
  readonly marks = join(this.root, 'marks');
  readonly workerLog = join(this.root, 'worker.log');
  readonly socket = `gantry-live-${process.pid}-${LiveSystem.count++}`;
  readonly taskQueue = this.socket;
  server!: RunningServer;
  worker: ChildProcess | undefined;
  private compiled: string | undefined;
  private connection: Connection | undefined;

  private constructor(
    private readonly agentFlags: readonly string[],
    private readonly environment: Readonly<Record<string, string>>,
  ) {}

  static async start(
    agentFlags: readonly string[] = [],
    environment: Readonly<Record<string, string>> = {},
  ): Promise<LiveSystem> {
    const system = new LiveSystem(agentFlags, environment);
    mkdirSync(system.home, { recursive: true });
    system.makeRepository();
    system.server = await startServer({
      executable: process.env['GANTRY_TEMPORAL_CLI']!,
      logFile: join(system.root, 'server.log'),
      dbFile: join(system.root, 'temporal.db'),
      uiPort: false,
    });
    await system.startWorker();
    return system;
  }

  async startWorker(): Promise<void> {
    const roles = this.environment['GANTRY_ROLES'] ?? 'runs,sessions';
    this.worker = await this.spawn(roles.split(','), {
      GANTRY_HOME: this.home,
      GANTRY_AGENTS: this.writeAgents('agents', { coder: this.agent(this.agentFlags) }),
      GANTRY_TMUX_SOCKET: this.socket,
      ...this.environment,
    });
  }

  /** The configuration of an agent with these flags of test/support/agents/terminal-agent.mjs. */
  agent(flags: readonly string[], more: Record<string, unknown> = {}): Record<string, unknown> {
    return {
      kind: 'generic',
      command: [process.execPath, AGENT, '--commits', '1', '--wait-for', this.mayFinish, ...flags],
      resume: ['--resume', '{id}'],
      ready: 'event',
      set: { GANTRY_AGENT_LOG: this.agentLog },
      'grace-ms': 500,
      'free-memory-mb': 0,
      ...more,
    };
  }

  writeAgents(name: string, agents: Readonly<Record<string, unknown>>): string {
    const path = join(this.root, `${name}.json`);
    writeFileSync(path, JSON.stringify(agents));
    return path;
  }

  /** A process of the worker's program, once it serves in these roles. */
  async spawn(roles: readonly string[], environment: Readonly<Record<string, string>>): Promise<ChildProcess> {
    this.compiled ??= compileSources('worker', ['contracts', 'activities', 'workers']);
    const { PATH = '', HOME = '' } = process.env;
    const worker = spawn(process.execPath, [join(this.compiled, 'workers', 'main.js')], {
      env: {
        PATH,
        HOME,
        TZ: 'UTC',
        GANTRY_ROLES: roles.join(','),
        GANTRY_TASK_QUEUE: this.taskQueue,
        GANTRY_WORKFLOW_BUNDLE: process.env['GANTRY_WORKFLOW_BUNDLE']!,
        TEMPORAL_ADDRESS: this.server.address,
        ...environment,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let said = '';
    for (const stream of [worker.stdout, worker.stderr]) {
      stream?.on('data', (chunk: Buffer) => {
        said += chunk.toString();
        writeFileSync(this.workerLog, chunk, { flag: 'a' });
      });
    }
    await waitUntil(
      () => {
        if (worker.exitCode !== null) throw new Error(`the worker ended: ${said}`);
        return roles.every((role) => said.includes(`${role} ready`));
      },
      { timeoutMs: 60_000 },
    );
    return worker;
  }

  async endWorker(signal: NodeJS.Signals): Promise<void> {
    const worker = this.worker!;
    if (worker.exitCode !== null || worker.signalCode !== null) return;
    worker.kill(signal);
    await once(worker, 'exit');
  }

  async client(): Promise<Client> {
    this.connection ??= await Connection.connect({ address: this.server.address });
    return new Client({ connection: this.connection });
  }

  async run(definition: PipelineDefinition, more: Partial<RunInput> = {}): Promise<RunHandle> {
    const run = { project: 'calculator', runId: `live-${LiveSystem.count++}` };
    const input: RunInput = {
      run,
      definition,
      inputs: {},
      mode: 'fix_forward',
      priority: PRIORITY.usual,
      repo: this.repository,
      startedBy: 'tester',
      ...more,
    };
    const client = await this.client();
    const handle = await client.workflow.start(PIPELINE_RUN, {
      workflowId: runWorkflowId(input.run.project, input.run.runId),
      taskQueue: this.taskQueue,
      args: [input],
    });
    return new RunHandle(handle);
  }

  agentEntries(what: string): AgentEntry[] {
    if (!existsSync(this.agentLog)) return [];
    const lines = readFileSync(this.agentLog, 'utf8').split('\n').filter(Boolean);
    return lines.map((line) => JSON.parse(line) as AgentEntry).filter((entry) => entry.what === what);
  }

  marksMade(): string[] {
    return existsSync(this.marks) ? readFileSync(this.marks, 'utf8').split('\n').filter(Boolean) : [];
  }

  git(...args: readonly string[]): string {
    const identity = ['-c', 'user.name=Test', '-c', 'user.email=test@example.com'];
    return execFileSync('git', [...identity, ...args], { cwd: this.repository, encoding: 'utf8' }).trim();
  }

  tmuxServerPid(): number {
    const pid = execFileSync('tmux', ['-L', this.socket, 'display-message', '-p', '#{pid}'], { encoding: 'utf8' });
    return Number(pid);
  }

  async stop(): Promise<void> {
    await this.connection?.close();
    await this.endWorker('SIGKILL');
    await this.server.kill();
    try {
      execFileSync('tmux', ['-L', this.socket, 'kill-server'], { stdio: 'ignore' });
    } catch {
      // There was none, or the test has killed it.
    }
    this.killWhatIsLeft();
    rmSync(this.root, { recursive: true, force: true });
  }

  /** Deployed services are meant to stay; here they end with the test. */
  private killWhatIsLeft(): void {
    for (const pid of readdirSync('/proc').map(Number).filter(Number.isInteger)) {
      try {
        if (readlinkSync(`/proc/${pid}/cwd`).startsWith(this.root)) process.kill(pid, 'SIGKILL');
      } catch {
        // It has ended, or is not ours to look at.
      }
    }
  }

  private makeRepository(): void {
    mkdirSync(this.repository);
    this.git('init', '-q', '-b', 'main');
    writeFileSync(join(this.repository, 'server.mjs'), SERVER);
    this.git('add', '.');
    this.git('commit', '-q', '-m', 'start');
  }
}

const SERVER = `import { createServer } from 'node:http';
createServer((_request, response) => response.end('it serves from ' + process.cwd())).listen(process.env.PORT, '127.0.0.1');
`;
