import { userInfo } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline/promises';
import type { ModelConfig } from '../../contracts/config/model-config';
import type { RunRef } from '../../contracts/run';
import { runWorkflowId } from '../../contracts/ids';
import { loadModelConfig, type ConfigPlace } from '../config';
import { InterruptedError, RefusedError, UserError } from '../faults';
import { gantryHome } from '../home';
import { resolveTarget, type Target } from '../target';
import { Temporal, type RunExecution } from '../temporal';
import { findRun } from '../runs/find-run';
import { widthOfTerminal, type Io } from './io';
import { COLOURS, PLAIN, type Paint } from './render/paint';

/** Options every command takes. */
export interface GlobalOptions {
  readonly json?: boolean;
  readonly home?: string;
  /** `true`: the option without a file, which `init` alone takes. */
  readonly config?: string | true;
  readonly address?: string;
  readonly namespace?: string;
  readonly as?: string;
  readonly color?: boolean;
}

/** What a command works with. Made once for an invocation; the connection is opened by the first that needs it. */
export class Cli {
  private connection: Promise<Temporal> | undefined;
  /** Said when Ctrl-C ends the command. */
  interruptHint: string | undefined;
  /** The command ends itself when `io.signal` aborts. */
  handlesInterrupt = false;
  /** Standard output has the answer: with --json it is one object, and nothing comes after it. */
  hasAnswered = false;

  constructor(
    readonly io: Io,
    private readonly globals: () => GlobalOptions,
  ) {}

  get json(): boolean {
    return this.globals().json === true;
  }

  get home(): string {
    const { home } = this.globals();
    return home === undefined ? gantryHome(this.io.env) : path.resolve(this.io.cwd, home);
  }

  /** What `--config` was given, if it was. */
  get givenConfig(): string | true | undefined {
    return this.globals().config;
  }

  /** Where the configuration of models is looked for. Fails: UserError. */
  get configPlace(): ConfigPlace {
    const { givenConfig: named, home } = this;
    if (named === true) throw new UserError('--config needs the path of a file.', 'Write: --config PATH');
    return { env: this.io.env, cwd: this.io.cwd, home, ...(named !== undefined && { named }) };
  }

  /** The configuration of models. Fails: ConfigurationInvalid, UserError. */
  async config(): Promise<ModelConfig> {
    return (await loadModelConfig(this.configPlace)).config;
  }

  /** The name a vote or a request is made under. Nobody checks it here: see docs/operations.md. */
  get who(): string {
    return this.globals().as ?? this.io.env['GANTRY_USER'] ?? userInfo().username;
  }

  get paint(): Paint {
    return this.isColoured(this.io.stdout) ? COLOURS : PLAIN;
  }

  get width(): number {
    return widthOfTerminal(this.io.stdout);
  }

  get target(): Target {
    const { address, namespace } = this.globals();
    const options = { home: this.home, env: this.io.env };
    return resolveTarget({ ...options, ...(address && { address }), ...(namespace && { namespace }) });
  }

  temporal(): Promise<Temporal> {
    this.connection ??= Temporal.connect(this.target, this.who);
    return this.connection;
  }

  async findRun(word: string): Promise<RunExecution> {
    return findRun(await this.temporal(), word);
  }

  /** The run's page in the Web UI, when it is known where that is. */
  urlOf(run: RunRef): string | undefined {
    const { ui, namespace } = this.target;
    if (ui === undefined) return undefined;
    return `${ui}/namespaces/${encodeURIComponent(namespace)}/workflows/${encodeURIComponent(runWorkflowId(run.project, run.runId))}`;
  }

  /** The answer: text for people, or with --json one object for programs. */
  answer(value: unknown, text: string): void {
    this.hasAnswered = true;
    this.io.stdout.write(this.json ? `${JSON.stringify(value, null, 2)}\n` : text === '' ? '' : `${text}\n`);
  }

  /** How far it is: never part of the answer. */
  note(line: string): void {
    this.io.stderr.write(`${line}\n`);
  }

  /** Ask before something is taken away. Without a person to ask, only `--yes` is being sure. Fails: UserError. */
  async confirm(question: string, yes: boolean | undefined): Promise<void> {
    if (yes === true) return;
    if (this.io.stdin.isTTY !== true || this.json) {
      throw new UserError('This takes back what was done, and nobody is there to ask.', 'Say --yes if you are sure.');
    }
    const terminal = createInterface({ input: this.io.stdin, output: process.stderr });
    try {
      const answer = await terminal.question(`${question} [y/N] `, { signal: this.io.signal });
      if (!/^y(es)?$/i.test(answer.trim())) throw new RefusedError('Nothing was done.');
    } catch (error) {
      if ((error as Error).name !== 'AbortError') throw error;
      throw new InterruptedError('Nothing was done.');
    } finally {
      terminal.close();
    }
  }

  async close(): Promise<void> {
    const temporal = await this.connection?.catch(() => undefined);
    await temporal?.close();
  }

  private isColoured(terminal: Io['stdout']): boolean {
    const { env } = this.io;
    if (this.json || this.globals().color === false || env['NO_COLOR']) return false;
    return terminal.isTTY === true || Boolean(env['FORCE_COLOR']);
  }
}
