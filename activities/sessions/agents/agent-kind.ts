import type { ErrorType } from '../../../contracts/errors';
import type { AgentEvent, Origin, TurnState } from '../turn-state';

/** What an agent is started with. Paths are absolute. */
export interface StartContext {
  readonly backend: 'tmux' | 'headless';
  readonly model?: string;
  readonly cwd: string;
  /** The agent's own directory: its scripts, settings and events. */
  readonly dir: string;
  /** What it reports is appended here, one line of JSON for each event. */
  readonly eventsPath: string;
  /** What people answer appears here as `<ask id>.json`: `{"allow": true, "text": "…"}`. */
  readonly answersDir: string;
  /** A uuid for a new conversation, for agents that let it be chosen. */
  readonly conversationId: string;
  /** Go on in this conversation instead. */
  readonly resume?: string;
}

export interface Launch {
  readonly argv: readonly [string, ...string[]];
  /** Besides what every agent gets. Never a secret: those come from the worker's environment by name. */
  readonly env: Readonly<Record<string, string>>;
  /** Written before the start, by their paths in the agent's own directory. */
  readonly files: Readonly<Record<string, LaunchFile>>;
  /** The id of its conversation, where it is known before the agent reports it. */
  readonly conversation?: string;
}

export interface LaunchFile {
  readonly content: string;
  readonly executable?: boolean;
}

/** What an agent looks like in a terminal. */
export interface TerminalTraits {
  /** How the line of its prompt box starts. */
  readonly box: RegExp;
  /** What stands in the box while it is empty: a hint, and not a text that somebody typed. */
  readonly placeholder?: RegExp;
  /** Does it report when it is ready, or must its screen tell? */
  readonly ready: 'event' | 'screen';
  readonly accepted: 'event' | 'screen';
  /** The longest text that it takes in its box as it is; a longer one goes into a file. */
  readonly inline?: { readonly characters: number; readonly lines: number };
  /** A dialog that stands on the screen, by a name for people: nothing is typed into it. */
  readonly readDialog?: (lines: readonly string[]) => string | undefined;
  /** Reads the turn's end off the screen, for agents that do not report it. */
  readonly readScreen?: (look: ScreenLook, state: TurnState) => AgentEvent | undefined;
  readonly interrupt: 'Escape' | 'C-c';
}

export interface ScreenLook {
  readonly lines: readonly string[];
  /** Time since the last byte of output. */
  readonly quietMs: number;
}

export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * One kind of coding agent: how it is started, and how what it says is read. Data and pure functions; everything that
 * acts is the backends' part.
 */
export interface AgentKind {
  readonly name: string;
  /** The first one is the default. */
  readonly backends: readonly ('tmux' | 'headless')[];
  /** Can a new process go on in an earlier conversation? */
  readonly resumes: boolean;
  readonly terminal?: TerminalTraits;
  /** Names of variables of the worker's environment that this kind needs, its keys among them. */
  readonly passes: readonly string[];
  start(context: StartContext): Launch;
  /** Reads a line of the file of events. */
  readJournal(line: string): readonly JournalEvent[];
  /** Reads a line of the output of a headless agent. */
  readOutput(line: string): readonly AgentEvent[];
  /**
   * Reads a line of the log that the agent keeps of itself, and that a `started` event names. Its lines are fetched
   * before those of the journal and reduced after them: then the prompt is known before the end of its turn.
   */
  readTranscript?(line: string): readonly AgentEvent[];
  /** A file in which the process says how it is: a second opinion, for where no event comes. */
  statusFile?(pid: number, env: Environment): string | undefined;
  readStatus?(text: string): AgentStatus | undefined;
  /** What the end of the process means when the turn was not over. */
  atExit?(exitCode: number, state: TurnState): AgentEvent | undefined;
  /** `now` in epoch milliseconds: what agents say of time is mostly relative to it. */
  classifyFailure(failure: { readonly reason: string; readonly message: string }, now: number): FailureClass;
}

export type AgentStatus = 'idle' | 'busy' | 'waiting';

/** A prompt that was taken as the agent reports it: {@link settlePrompt} tells whose it is. */
export type JournalEvent = AgentEvent | PromptEvent;

type PromptEvent = { readonly kind: 'prompt'; readonly prompt: string } & Origin;

/** What a taken prompt means for a turn: the acceptance of ours, or work on what a person typed. */
export function settlePrompt(event: JournalEvent, isOurs: (prompt: string) => boolean): AgentEvent {
  if (event.kind !== 'prompt') return event;
  const { prompt, kind: _, ...origin } = event;
  return isOurs(prompt)
    ? { ...origin, kind: 'accepted' }
    : { ...origin, kind: 'working', what: 'works on what a person typed' };
}

export interface FailureClass {
  readonly type: ErrorType;
  /** What to do next, for people. */
  readonly advice: string;
  /** When the limit that was reached is lifted, epoch milliseconds, if the agent says so. */
  readonly resetsAt?: number;
}
