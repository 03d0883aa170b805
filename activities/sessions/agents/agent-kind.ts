import type { ErrorType } from '../../../contracts/errors';
import type { AgentEvent, TurnState } from '../turn-state';

export interface StartContext {
  readonly backend: 'tmux' | 'headless';
  readonly dispatchId: string;
  readonly model?: string;
  /** A uuid made from the dispatch id: for agents that let their session's id be chosen. */
  readonly sessionUuid: string;
}

export interface Launch {
  readonly argv: readonly [string, ...string[]];
  /** Besides what every agent gets. Never a secret: those come from the worker's environment by name. */
  readonly env: Readonly<Record<string, string>>;
}

/** What an agent looks like in a terminal. */
export interface TerminalTraits {
  /** How the line of its prompt box starts. */
  readonly box: RegExp;
  /** Does it report when it is ready, or must its screen tell? */
  readonly ready: 'event' | 'screen';
  readonly accepted: 'event' | 'screen';
  /** Reads the turn's end off the screen, for agents that do not report it. */
  readonly readScreen?: (look: ScreenLook, state: TurnState) => AgentEvent | undefined;
  readonly interrupt: 'Escape' | 'C-c';
}

export interface ScreenLook {
  readonly lines: readonly string[];
  /** Time since the last byte of output. */
  readonly quietMs: number;
}

/**
 * One kind of coding agent: how it is started, and how what it says is read. Data and pure functions; everything that
 * acts is the backends' part.
 */
export interface AgentKind {
  readonly name: string;
  /** The first one is the default. */
  readonly backends: readonly ('tmux' | 'headless')[];
  readonly terminal?: TerminalTraits;
  /** Names of variables of the worker's environment that this kind needs, its keys among them. */
  readonly passes: readonly string[];
  start(context: StartContext): Launch;
  /** Reads a line of the file `$GANTRY_EVENTS`. */
  readJournal(line: string): readonly JournalEvent[];
  /** Reads a line of the output of a headless agent. */
  readOutput(line: string): readonly AgentEvent[];
  /** What the end of the process means when the turn was not over. */
  atExit?(exitCode: number, state: TurnState): AgentEvent | undefined;
  classifyFailure(failure: { readonly reason: string; readonly message: string }): FailureClass;
}

/** An accepted prompt as the agent reports it: the caller compares it with the one it sent. */
export type JournalEvent = AgentEvent | { readonly kind: 'prompt'; readonly prompt: string };

export interface FailureClass {
  readonly type: ErrorType;
  /** What to do next, for people. */
  readonly advice: string;
}
