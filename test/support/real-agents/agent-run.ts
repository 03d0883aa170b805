import { randomUUID } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { agentConfig } from '../../../contracts/schemas/agents';
import { settlePrompt, type AgentKind, type Launch } from '../../../activities/sessions/agents/agent-kind';
import { makeAgent } from '../../../activities/sessions/agents/make-agent';
import { squash } from '../../../activities/sessions/clean-text';
import { INITIAL_TURN, isOver, reduceTurn, type TurnState } from '../../../activities/sessions/turn-state';
import type { AgentHome } from './agent-home';

export interface RunOptions {
  readonly backend: 'tmux' | 'headless';
  readonly config?: Readonly<Record<string, unknown>>;
  readonly resume?: string;
}

/**
 * A started agent as its adapter knows it, without anything of the product around it: the files of its launch, what
 * it reports, and the turn that comes of that.
 */
export class AgentRun {
  readonly kind: AgentKind;
  readonly launch: Launch;
  readonly dir: string;
  readonly conversationId = randomUUID();
  private readonly eventsPath: string;
  private readonly answersDir: string;
  /** What was there before the prompt is about something else. */
  private from = { journal: 0, output: 0 };
  private prompt = '';
  /** What it has printed without a terminal. */
  output = '';

  constructor(
    readonly home: AgentHome,
    options: RunOptions,
  ) {
    this.dir = mkdtempSync(join(home.root, 'agent of '));
    this.eventsPath = join(this.dir, 'events.jsonl');
    this.answersDir = join(this.dir, 'answers');
    mkdirSync(this.answersDir);
    this.kind = makeAgent(agentConfig.parse({ ...home.config, ...options.config }));
    this.launch = this.kind.start({
      backend: options.backend,
      cwd: home.worktree,
      dir: this.dir,
      eventsPath: this.eventsPath,
      answersDir: this.answersDir,
      conversationId: this.conversationId,
      ...(options.resume !== undefined && { resume: options.resume }),
    });
    for (const [path, { content, executable }] of Object.entries(this.launch.files)) {
      writeFileSync(join(this.dir, path), content);
      if (executable) chmodSync(join(this.dir, path), 0o700);
    }
  }

  get environment(): Record<string, string> {
    const passed = this.kind.passes.flatMap((name) => {
      const value = this.home.environment[name];
      return value === undefined ? [] : [[name, value] as const];
    });
    const { PATH = '', HOME = '', LANG = '', HTTP_PROXY = '', HTTPS_PROXY = '', NO_PROXY = '' } = this.home.environment;
    return {
      ...{ PATH, HOME, LANG, HTTP_PROXY, HTTPS_PROXY, NO_PROXY },
      ...Object.fromEntries(passed),
      ...this.launch.env,
    };
  }

  /** From here on, this is the prompt of the turn. */
  begin(prompt: string): void {
    this.prompt = prompt;
    this.from = { journal: this.journal().length, output: this.output.split('\n').length - 1 };
  }

  state(): TurnState {
    const ours = (heard: string) => squash(heard) === squash(this.prompt);
    const journal = this.journal()
      .slice(this.from.journal)
      .flatMap((line) => this.kind.readJournal(line))
      .map((event) => settlePrompt(event, ours));
    const output = this.output.split('\n').slice(this.from.output);
    const before = [...journal, ...output.flatMap((line) => this.kind.readOutput(line))].reduce(reduceTurn, {
      ...INITIAL_TURN,
      ...(this.launch.conversation !== undefined && { agentSession: this.launch.conversation }),
    });
    const { transcript } = before;
    if (transcript === undefined || !this.kind.readTranscript) return before;
    return lines(transcript)
      .flatMap((line) => this.kind.readTranscript!(line))
      .reduce(reduceTurn, before);
  }

  isOver(): boolean {
    return isOver(this.state());
  }

  isReady(): boolean {
    return this.journal().some((line) => this.kind.readJournal(line).some(({ kind }) => kind === 'ready'));
  }

  answer(askId: string, answer: { readonly allow: boolean; readonly text?: string }): void {
    writeFileSync(join(this.dir, 'answer'), JSON.stringify(answer));
    renameSync(join(this.dir, 'answer'), join(this.answersDir, `${askId}.json`));
  }

  /** What it has reported, as it did. */
  journal(): string[] {
    return lines(this.eventsPath);
  }
}

function lines(path: string): string[] {
  if (!existsSync(path)) return [];
  return readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line !== '');
}
