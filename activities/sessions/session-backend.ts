import type { AgentKind } from './agents/agent-kind';
import type { AgentName, AgentPlace, AgentRecord } from './agent-record';
import type { Holder } from './dispatch/holder';
import type { Ledger } from './dispatch/receipts';
import type { AgentEvent, TurnState } from './turn-state';

/** Everything it takes to start an agent. Paths are absolute. */
export interface AgentStart {
  readonly record: AgentRecord;
  /** The agent's own directory. */
  readonly dir: string;
  readonly kind: AgentKind;
  readonly argv: readonly [string, ...string[]];
  readonly env: Readonly<Record<string, string>>;
  /** Files it needs before it starts, relative to `dir`. */
  readonly files: Readonly<Record<string, { readonly content: string; readonly executable?: boolean }>>;
  /** On standard input from the start, for an agent without a terminal. */
  readonly stdin?: string;
}

/** Everything a backend needs to know of one dispatch. */
export interface Dispatch {
  readonly id: string;
  readonly dir: string;
  readonly agent: AgentStart;
  /** It was up before, for an earlier prompt or for none: what it reported by then is not about this one. */
  readonly reused: boolean;
  /** It was not only up but ready by then: it need not say so again. */
  readonly wasReady: boolean;
  readonly ledger: Ledger;
  readonly holder: Holder;
  /** The whole prompt, and the file that holds it. */
  readonly prompt: string;
  readonly promptPath: string;
  readonly limits: DispatchLimits;
}

export interface DispatchLimits {
  readonly readyMs: number;
  readonly acceptMs: number;
}

/** What a session is told by the activity that uses it. */
export interface Control {
  readonly signal: AbortSignal;
  /** One line for people; shown with the next heartbeat. */
  readonly doing: (text: string) => void;
}

/** Where agents run: a terminal that a person can attach to, or a plain process. */
export interface SessionBackend {
  /** Start the agent, unless it ever was: an agent is started once. Fails: Agent.Unavailable. */
  start(agent: AgentStart): Promise<void>;
  /** The agent, as one dispatch sees it. */
  session(dispatch: Dispatch): Session;
  /** Why the agent can not live any more although its process may; undefined while all is well. */
  lost(agent: AgentPlace): Promise<string | undefined>;
  /** Is a person at its terminal? */
  held(agent: AgentPlace): Promise<boolean>;
  /**
   * Leave nothing of it: interrupt if asked, SIGTERM, grace, SIGKILL, verified; then the terminal. Also where it was
   * never started, which then can not happen any more.
   */
  end(agent: AgentName, how: { readonly interrupt: boolean }): Promise<void>;
}

export interface Session {
  /** What the screen says of the turn, for agents that do not report it. */
  look(state: TurnState): Promise<readonly AgentEvent[]>;
  /** Bring the prompt to the agent, exactly once, until it is accepted or the turn is over. Fails: Agent.*. */
  deliver(watch: TurnWatch, control: Control): Promise<void>;
  /** Its last lines, as evidence. */
  tail(): Promise<string>;
  /** The file that holds all it printed. */
  readonly logPath: string;
}

/** What is known of one turn of an agent, as it goes on. */
export interface TurnWatch {
  /** Look once: what the agent wrote, whether it lives. Records the receipts that are seen for the first time. */
  look(): Promise<TurnState>;
  /** An event that was seen elsewhere. */
  note(event: AgentEvent): Promise<TurnState>;
  /** What contradicts the agent's own events, while it is not settled. */
  doubt(): string | undefined;
  /** The file the agent logs itself in, once it has said so. */
  transcript(): string | undefined;
}
