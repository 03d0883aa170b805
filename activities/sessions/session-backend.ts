import type { AgentKind } from './agents/agent-kind';
import type { Holder } from './dispatch/holder';
import type { Ledger } from './dispatch/receipts';
import type { AgentEvent, TurnState } from './turn-state';
import type { TurnWatch } from './dispatch/turn-watch';

/** Everything a backend needs to know of one dispatch. Paths are absolute. */
export interface Dispatch {
  readonly id: string;
  /** The dispatch's own directory, and in it that of the agent's process. */
  readonly dir: string;
  readonly processDir: string;
  readonly kind: AgentKind;
  readonly ledger: Ledger;
  readonly holder: Holder;
  readonly cwd: string;
  readonly argv: readonly [string, ...string[]];
  readonly env: Readonly<Record<string, string>>;
  /** The whole prompt, and the file that holds it. */
  readonly prompt: string;
  readonly promptPath: string;
  readonly limits: DispatchLimits;
}

/** What it takes to find a session again and end it. */
export interface SessionName {
  readonly dispatchId: string;
  readonly session: string;
  readonly processDir: string;
  readonly interruptKey?: 'Escape' | 'C-c';
  readonly graceMs: number;
}

export interface DispatchLimits {
  readonly readyMs: number;
  readonly acceptMs: number;
  readonly graceMs: number;
}

/** What a session is told by the activity that uses it. */
export interface Control {
  readonly signal: AbortSignal;
  /** One line for people; shown with the next heartbeat. */
  readonly doing: (text: string) => void;
}

/** Where agents run: a terminal that a person can attach to, or a plain process. */
export interface SessionBackend {
  /** Start the agent, or find the one that this dispatch started. Fails: Agent.Unavailable. */
  open(dispatch: Dispatch): Promise<Session>;
  /**
   * Leave nothing of it: interrupt if asked, SIGTERM, grace, SIGKILL, verified; then the terminal. Also where it was
   * never opened, which then can not happen any more.
   */
  end(session: SessionName, how: { readonly interrupt: boolean }): Promise<void>;
}

export interface Session {
  /** Why the agent can not live any more although its process may; undefined while all is well. */
  lost(): Promise<string | undefined>;
  /** What the screen says of the turn, for agents that do not report it. */
  look(state: TurnState): Promise<readonly AgentEvent[]>;
  /** Bring the prompt to the agent, exactly once, until it is accepted or the turn is over. Fails: Agent.*. */
  deliver(watch: TurnWatch, control: Control): Promise<void>;
  /** Its last lines, as evidence. */
  tail(): Promise<string>;
  /** The file that holds all it printed. */
  readonly logPath: string;
}
