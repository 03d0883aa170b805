import { mkdirSync, mkdtempSync, readFileSync, readdirSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DispatchInput } from '../../../contracts/activities';
import { agentConfig } from '../../../contracts/schemas/agents';
import { makeAgent } from '../../../activities/sessions/agents/make-agent';
import { INITIAL_TURN, reduceTurn, type TurnState } from '../../../activities/sessions/turn-state';
import { AgentBench, isAlive } from '../agent-bench';
import { ScriptedApi, type Script } from './scripted-api';

export type RealAgent = 'claude' | 'codex';

export const DUMMY_KEY = 'dummy-key';
const KEYS = { ANTHROPIC_API_KEY: DUMMY_KEY, CODEX_API_KEY: DUMMY_KEY };

interface HostOptions {
  readonly keys?: Readonly<Record<string, string>>;
  /** Codex is to find its key as it does for its own provider, and not by the configured name. */
  readonly login?: boolean;
}

/** A home that holds no account, the scripted model, and a worktree: where a real agent works in a test. */
export class AgentHost {
  private readonly userHome = mkdtempSync(join(tmpdir(), 'gantry-real-agent-'));
  readonly bench: AgentBench;
  readonly worktree: string;
  readonly agent: Record<string, unknown>;

  private constructor(
    readonly name: RealAgent,
    readonly api: ScriptedApi,
    private readonly program: string,
    { keys, login }: Required<HostOptions>,
  ) {
    this.bench = new AgentBench({ environment: this.environment(keys) });
    this.worktree = join(this.bench.root, 'worktree');
    this.bench.git('worktree', 'add', '-q', '-b', 'work', this.worktree);
    // A model that Codex does not know gets the plain tools.
    this.agent = { kind: name, command: [program], 'grace-ms': 2_000, ...(name === 'codex' && { model: 'scripted' }) };
    if (name === 'codex') this.configureCodex(login);
  }

  static async create(
    name: RealAgent,
    script: Script,
    { keys = KEYS, login = false }: HostOptions = {},
  ): Promise<AgentHost> {
    const programs = JSON.parse(process.env['GANTRY_REAL_AGENTS'] ?? '{}') as Record<string, string>;
    const program = programs[name];
    if (program === undefined) throw new Error('run these tests with `npm run test:agents`');
    const api = await ScriptedApi.listen(script);
    return new AgentHost(name, api, program, { keys, login });
  }

  input(overrides: Partial<DispatchInput> = {}): DispatchInput {
    const { workspace, ...input } = this.bench.input();
    const contract = { minCommits: 1, maxCommits: 1, files: ['new.txt'], clean: true };
    return { ...input, workspace: { ...workspace, path: this.worktree, branch: 'work' }, contract, ...overrides };
  }

  /** What the adapter reads from all that the agent printed. */
  turn(): TurnState {
    const kind = makeAgent(agentConfig.parse(this.agent));
    const log = join(this.bench.home, 'dispatches', this.input().dispatchId, 'process', 'out', 'log');
    const events = readFileSync(log, 'utf8')
      .split('\n')
      .flatMap((line) => kind.readOutput(line));
    return events.reduce(reduceTurn, INITIAL_TURN);
  }

  /** Requests that begin a turn: one for each time that the prompt was delivered. */
  deliveries(): number {
    return this.api.seen.filter(({ toolResults }) => toolResults.length === 0).length;
  }

  /** Processes of the agent and of its tools: all that have its home. */
  processes(): number[] {
    return readdirSync('/proc')
      .map(Number)
      .filter((pid) => pid > 0 && isAlive(pid) && holds(`/proc/${pid}/environ`, `HOME=${this.userHome}\0`));
  }

  /** Its own program, as opposed to its tools and the wrapper it may have. */
  agentProcesses(): number[] {
    const cache = this.program.replace(/\/node_modules\/.*$/, '/');
    return this.processes().filter((pid) => programOf(pid).startsWith(cache));
  }

  async close(): Promise<void> {
    this.api.close();
    await this.bench.close();
    for (const pid of this.processes()) process.kill(pid, 'SIGKILL');
    rmSync(this.userHome, { recursive: true, force: true, maxRetries: 10 });
  }

  private environment(keys: Readonly<Record<string, string>>): Record<string, string> {
    const proxy = { HTTP_PROXY: this.api.url, HTTPS_PROXY: this.api.url, NO_PROXY: '127.0.0.1' };
    return {
      PATH: process.env['PATH'] ?? '',
      HOME: this.userHome,
      ANTHROPIC_BASE_URL: this.api.url,
      ...proxy,
      ...keys,
    };
  }

  private configureCodex(login: boolean): void {
    const key = login ? 'requires_openai_auth = true' : 'env_key = "CODEX_API_KEY"';
    const provider = `name = "scripted", base_url = "${this.api.url}/v1", ${key}, wire_api = "responses"`;
    const lines = [
      'model_provider = "scripted"',
      'check_for_update_on_startup = false',
      '[analytics]',
      'enabled = false',
      '[model_providers]',
      `scripted = { ${provider} }`,
    ];
    mkdirSync(join(this.userHome, '.codex'));
    writeFileSync(join(this.userHome, '.codex', 'config.toml'), lines.join('\n'));
  }
}

function programOf(pid: number): string {
  try {
    return readlinkSync(`/proc/${pid}/exe`);
  } catch {
    return ''; // it ended meanwhile
  }
}

function holds(path: string, text: string): boolean {
  try {
    return readFileSync(path, 'utf8').includes(text);
  } catch {
    return false; // it ended meanwhile
  }
}
