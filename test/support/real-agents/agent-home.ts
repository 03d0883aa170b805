import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ScriptedApi, type Script } from './scripted-api';

export type RealAgent = 'claude' | 'codex';

export const DUMMY_KEY = 'dummy-key';
const KEYS = { ANTHROPIC_API_KEY: DUMMY_KEY, CODEX_API_KEY: DUMMY_KEY };

export interface HomeOptions {
  readonly keys?: Readonly<Record<string, string>>;
  /** Codex is to find its key as it does for its own provider, and not by the configured name. */
  readonly login?: boolean;
}

/** A home that holds no account, the scripted model, and a worktree of a repository: where a real agent works. */
export class AgentHome {
  readonly root = realpathSync(mkdtempSync(join(tmpdir(), 'gantry-real-agent-')));
  private readonly userHome = join(this.root, 'user');
  readonly worktree = join(this.root, 'a worktree');

  private constructor(
    readonly name: RealAgent,
    readonly api: ScriptedApi,
    readonly program: string,
    private readonly options: Required<HomeOptions>,
  ) {
    mkdirSync(this.userHome);
    this.makeWorktree();
    if (name === 'codex') this.configureCodex();
    if (name === 'claude') this.configureClaude();
  }

  static async create(name: RealAgent, script: Script, options: HomeOptions = {}): Promise<AgentHome> {
    const programs = JSON.parse(process.env['GANTRY_REAL_AGENTS'] ?? '{}') as Record<string, string>;
    const program = programs[name];
    if (program === undefined) throw new Error('run these tests with `npm run test:agents`');
    const api = await ScriptedApi.listen(script);
    return new AgentHome(name, api, program, { keys: KEYS, login: false, ...options });
  }

  /** All of its environment. What it would reach outside of the machine, it asks the scripted model for. */
  get environment(): Record<string, string> {
    const proxy = { HTTP_PROXY: this.api.url, HTTPS_PROXY: this.api.url, NO_PROXY: '127.0.0.1' };
    return {
      PATH: process.env['PATH'] ?? '',
      HOME: this.userHome,
      LANG: 'C.UTF-8',
      ANTHROPIC_BASE_URL: this.api.url,
      ...proxy,
      ...this.options.keys,
    };
  }

  /** As an operator configures it. */
  get config(): Record<string, unknown> {
    // A model that Codex does not know gets the plain tools.
    const model = this.name === 'codex' ? { model: 'scripted' } : {};
    return { kind: this.name, command: [this.program], 'grace-ms': 2_000, ...model };
  }

  /** What the last commit in the worktree says. */
  lastCommit(): string {
    return execFileSync('git', ['log', '-1', '--format=%s'], { cwd: this.worktree, encoding: 'utf8' }).trim();
  }

  /** Requests that begin a turn: one for each time that a prompt was delivered. */
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

  close(): void {
    this.api.close();
    for (const pid of this.processes()) process.kill(pid, 'SIGKILL');
    rmSync(this.root, { recursive: true, force: true, maxRetries: 10 });
  }

  private makeWorktree(): void {
    const repository = join(this.root, 'repository');
    mkdirSync(repository);
    const git = (...args: readonly string[]) => execFileSync('git', args, { cwd: repository, stdio: 'ignore' });
    git('init', '-q', '-b', 'main');
    writeFileSync(join(repository, 'a.txt'), 'a\n');
    git('add', '.');
    git('-c', 'user.name=Test', '-c', 'user.email=test@example.com', 'commit', '-q', '-m', 'start');
    git('worktree', 'add', '-q', '-b', 'work', this.worktree);
  }

  // What a person did who started it once by hand: its first questions are about the person, and not about the work.
  private configureClaude(): void {
    const approved = Object.values(this.options.keys).map((key) => key.slice(-20));
    const answers = { hasCompletedOnboarding: true, customApiKeyResponses: { approved } };
    writeFileSync(join(this.userHome, '.claude.json'), JSON.stringify(answers));
  }

  private configureCodex(): void {
    const key = this.options.login ? 'requires_openai_auth = true' : 'env_key = "CODEX_API_KEY"';
    const provider = `name = "scripted", base_url = "${this.api.url}/v1", ${key}, wire_api = "responses"`;
    const lines = [
      'model_provider = "scripted"',
      '[analytics]',
      'enabled = false',
      '[model_providers]',
      `scripted = { ${provider} }`,
    ];
    mkdirSync(join(this.userHome, '.codex'));
    writeFileSync(join(this.userHome, '.codex', 'config.toml'), lines.join('\n'));
  }
}

export function isAlive(pid: number): boolean {
  try {
    return !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
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
    return existsSync(path) && readFileSync(path, 'utf8').includes(text);
  } catch {
    return false; // it ended meanwhile
  }
}
