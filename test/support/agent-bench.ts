import { execFile, execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import type {
  CommandResult,
  DispatchAsks,
  DispatchInput,
  DispatchResult,
  RunCommandInput,
} from '../../contracts/activities';
import type { Lease } from '../../contracts/sessions';
import type { SessionPorts } from '../../activities/sessions/ports';
import { compileSources } from './compile-sources';
import { waitUntil } from './wait-until';
import { benchPorts, dispatchOnHost, openBenchHost } from './session-bench';

const AGENT = join(__dirname, 'agents', 'terminal-agent.mjs');

export interface AgentLogEntry {
  readonly what: string;
  readonly pid?: number;
  readonly prompt?: string;
  readonly sha256?: string;
  readonly bytes?: number;
  readonly key?: string;
}

export interface BenchOptions {
  readonly runCommand?: (input: RunCommandInput) => Promise<CommandResult>;
  readonly secrets?: Readonly<Record<string, string>>;
  /** The worker's environment; that of the test when absent. */
  readonly environment?: Readonly<Record<string, string>>;
}

/** A home, a private tmux server, a repository and an agent with a log: everything a dispatch needs, and its end. */
export class AgentBench {
  private static count = 0;
  private static compiled: string | undefined;
  readonly root = mkdtempSync(join(tmpdir(), 'gantry-agents-'));
  readonly home = join(this.root, 'home');
  readonly repository = join(this.root, 'a repo #1');
  readonly socket = `gantry-test-${process.pid}-${AgentBench.count++}`;
  readonly agentLog = join(this.root, 'agent.log');
  private readonly children: ChildProcess[] = [];

  constructor(private readonly options: BenchOptions = {}) {
    mkdirSync(this.repository, { recursive: true });
    mkdirSync(this.home, { recursive: true });
    this.git('init', '-q', '-b', 'main');
    writeFileSync(join(this.repository, 'a.txt'), 'a\n');
    this.git('add', '.');
    this.git('commit', '-q', '-m', 'start');
  }

  git(...args: readonly string[]): string {
    const identity = ['-c', 'user.name=Test', '-c', 'user.email=test@example.com'];
    return execFileSync('git', [...identity, ...args], { cwd: this.repository, encoding: 'utf8' }).trim();
  }

  /** The configuration of an agent with these flags of test/support/agents/terminal-agent.mjs. */
  agent(flags: readonly string[] = [], config: Record<string, unknown> = {}): Record<string, unknown> {
    return {
      kind: 'generic',
      command: [process.execPath, AGENT, ...flags],
      ready: 'event',
      set: { GANTRY_AGENT_LOG: this.agentLog },
      'ready-ms': 30_000,
      'accept-ms': 30_000,
      'grace-ms': 500,
      ...config,
    };
  }

  input(overrides: Partial<DispatchInput> = {}): DispatchInput {
    return {
      run: { project: 'p', runId: 'r-1' },
      stage: 'implement',
      dispatchId: 'r-1.implement.1.1',
      lease: leaseFor(overrides.dispatchId ?? 'r-1.implement.1.1'),
      prompt: 'Add a memory key to the calculator.',
      attachments: [],
      workspace: {
        repository: this.repository,
        path: this.repository,
        branch: 'main',
        base: 'main',
        baseCommit: this.git('rev-parse', 'HEAD'),
        ports: {},
      },
      env: {},
      secrets: [],
      contract: { files: [], clean: false },
      timeoutMs: 60_000,
      stuckMs: 60_000,
      keep: false,
      asked: [],
      ...overrides,
    };
  }

  ports(agent: Record<string, unknown>): SessionPorts {
    const { runCommand, secrets = {}, environment = process.env } = this.options;
    const where = { home: this.home, socket: this.socket, agents: { a: agent } };
    return benchPorts({ ...where, environment, secrets, ...(runCommand && { runCommand }) });
  }

  /** One attempt in this process, to its end. */
  async dispatch(
    agent: Record<string, unknown>,
    input = this.input(),
    environment = quietEnvironment(),
  ): Promise<DispatchResult> {
    const result = await this.attempt(agent, input, environment);
    if ('asks' in result) throw new Error(`the agent asks: ${result.asks.what}`);
    return result;
  }

  /** One attempt in this process: to its end, or to a question. */
  async attempt(
    agent: Record<string, unknown>,
    input = this.input(),
    environment = quietEnvironment(),
  ): Promise<DispatchResult | DispatchAsks> {
    const host = await openBenchHost(this.ports(agent));
    return dispatchOnHost(host, input, environment);
  }

  /** One attempt in a process of its own; gives its exit code, or the signal it died of, and what it said. */
  async dispatchInChild(agent: Record<string, unknown>, input: DispatchInput, dieAt?: string) {
    const child = this.spawnDispatch(agent, input, dieAt);
    let output = '';
    child.stdout?.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.stderr?.on('data', (chunk: Buffer) => (output += chunk.toString()));
    const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
    return { code, signal, output };
  }

  spawnDispatch(agent: Record<string, unknown>, input: DispatchInput, dieAt?: string): ChildProcess {
    AgentBench.compiled ??= compileSources('dispatch', ['contracts', 'activities', 'test/support']);
    const request = join(this.root, `request-${Math.random()}.json`);
    writeFileSync(
      request,
      JSON.stringify({ home: this.home, socket: this.socket, agents: { a: agent }, input, dieAt }),
    );
    const program = join(AgentBench.compiled, 'test', 'support', 'dispatch-once.js');
    const child = spawn(process.execPath, [program, request], {
      env: this.options.environment ?? process.env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.children.push(child);
    return child;
  }

  log(): AgentLogEntry[] {
    if (!existsSync(this.agentLog)) return [];
    const lines = readFileSync(this.agentLog, 'utf8').split('\n');
    return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as AgentLogEntry);
  }

  prompts(): AgentLogEntry[] {
    return this.log().filter((entry) => entry.what === 'prompt');
  }

  /** Processes the agent logged that still live: itself and what it left behind. */
  survivors(): number[] {
    const pids = this.log().flatMap((entry) => entry.pid ?? []);
    return pids.filter(isAlive);
  }

  receipts(dispatchId = 'r-1.implement.1.1'): string[] {
    const path = join(this.home, 'dispatches', dispatchId, 'receipts.jsonl');
    if (!existsSync(path)) return [];
    const lines = readFileSync(path, 'utf8').split('\n');
    return lines.filter((line) => line !== '').map((line) => (JSON.parse(line) as { name: string }).name);
  }

  async tmux(...args: readonly string[]): Promise<string> {
    const { stdout } = await promisify(execFile)('tmux', ['-u', '-L', this.socket, ...args]);
    return stdout;
  }

  /** Have a person at a terminal. Their tmux client needs one of its own: the pane of another tmux server. */
  async attach(session: string): Promise<{ leave(): Promise<void> }> {
    const outer = new AgentBench();
    const command = `env -u TMUX tmux -L ${this.socket} attach -t '=${session}'`;
    await outer.tmux('-f', '/dev/null', 'new-session', '-d', '-x', '100', '-y', '30', command);
    await waitUntil(async () => (await this.tmux('list-clients')).trim() !== '');
    return { leave: () => outer.close() };
  }

  async close(): Promise<void> {
    for (const child of this.children) child.kill('SIGKILL');
    await this.tmux('kill-server').catch(() => undefined); // there may be none
    for (const pid of this.survivors()) process.kill(pid, 'SIGKILL');
    rmSync(this.root, { recursive: true, force: true });
  }

  static removeCompiled(): void {
    if (AgentBench.compiled) rmSync(AgentBench.compiled, { recursive: true, force: true });
  }
}

/** The lease of a dispatch on a session of a bench. */
export function leaseFor(dispatchId: string, session = 'a-1'): Lease {
  return { id: `${dispatchId}@a`, pool: 'a', agent: 'a', host: 'here', home: 'home', session, taskQueue: 'q' };
}

/** An activity's surroundings, without the log lines of every failure that a test wants. */
export function quietEnvironment(): MockActivityEnvironment {
  return new MockActivityEnvironment({}, { logger: new DefaultLogger('ERROR') });
}

export function isAlive(pid: number): boolean {
  try {
    return !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}
