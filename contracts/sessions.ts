import type { StageKey } from './ids';
import type { RunRef } from './run';

// A host has sessions, a session is a slot of its pool, and one prompt at a time leases one. Times are epoch
// milliseconds.

export const SESSION_STATES = [
  /** No agent runs in it; one is started when a prompt comes. */
  'stopped',
  /** Its agent has been started and is not ready yet. */
  'starting',
  'idle',
  /** Promised to a prompt that has not arrived. */
  'leased',
  'working',
  /** Its agent asks something and waits for people. */
  'asking',
  /** A person is at its terminal: nothing is typed there, and no new prompt is sent to it. */
  'held',
  /** What is seen of its agent contradicts itself; looked at again for a limited time. */
  'detecting',
  /** Its agent does not come up. It gets no work until it is restarted. */
  'unhealthy',
] as const;
export type SessionState = (typeof SESSION_STATES)[number];

/** One terminal, or headless slot, of a host. */
export interface SessionView {
  /** `codex-2`: unique on its host. */
  readonly name: string;
  /** The pool whose prompts it gets: that of its kind, or one that it is reserved for. */
  readonly pool: string;
  readonly agent: string;
  readonly backend: 'tmux' | 'headless';
  readonly state: SessionState;
  readonly since: number;
  /** It ends what it is at, and gets nothing new. */
  readonly draining: boolean;
  readonly run?: RunRef;
  readonly stage?: StageKey;
  readonly dispatchId?: string;
  /** One line: what it does, or why it gets no work. */
  readonly doing?: string;
  /** When its agent last reported or printed something. */
  readonly lastEventAt?: number;
  /** The id under which the agent's program can resume what was said. */
  readonly conversation?: string;
  readonly cwd?: string;
  readonly pid?: number;
  /** Of all the processes of its agent. */
  readonly memoryMb?: number;
  /** Starts since its agent last finished a turn. */
  readonly restarts: number;
  /** The command a person on that host attaches with. */
  readonly attach?: string;
}

export interface PoolView {
  readonly pool: string;
  readonly agent: string;
  /** How many sessions are kept, and how many there may be. */
  readonly min: number;
  readonly max: number;
  /** Why it takes no prompts although sessions are idle, and until when, if that is known. */
  readonly closed?: { readonly why: string; readonly until?: number };
  /** Half of the recent turns took longer than this; absent before the first. */
  readonly turnMs?: number;
}

/** What a host says of itself every second. */
export interface HostView {
  readonly host: string;
  /** Hosts that share one see each other's worktrees. */
  readonly home: string;
  readonly startedAt: number;
  readonly at: number;
  readonly freeMemoryMb: number;
  readonly pools: readonly PoolView[];
  readonly sessions: readonly SessionView[];
}

export interface ReserveInput {
  readonly run: RunRef;
  readonly stage: StageKey;
  readonly dispatchId: string;
  readonly pool: string;
  /** The same for every try: a lease whose answer was lost is found again. */
  readonly leaseId: string;
  /** The session that knows the conversation so far. It is taken if it is idle; another one of its host is next best. */
  readonly prefer?: { readonly host: string; readonly session: string };
}

/** A session that waits for one prompt. It is free again when the dispatch has ended, or never began in time. */
export interface Lease {
  readonly id: string;
  readonly pool: string;
  readonly agent: string;
  readonly host: string;
  readonly home: string;
  readonly session: string;
  /** Where the host takes work for its sessions. */
  readonly taskQueue: string;
}

/** A lease that no dispatch follows within this time is taken back. */
export const LEASE_MS = 60_000;

/** A question of an agent, or its wish for a permission. */
export interface Ask {
  /** Unique within its dispatch. */
  readonly id: string;
  readonly kind: 'permission' | 'question';
  /** `Bash: rm -rf build`. */
  readonly what: string;
  readonly askedAt: number;
}

export interface AskAnswer {
  readonly dispatchId: string;
  readonly askId: string;
  readonly session: string;
  readonly allow: boolean;
  /** What a person said besides; the answer to a question. */
  readonly text?: string;
}

/** What goes on in a conversation, and where: the agent's program resumes it by its id, on that host only. */
export interface Conversation {
  readonly id: string;
  readonly agent: string;
  readonly host: string;
  readonly session: string;
}

export const SESSION_ACTIONS = ['start', 'stop', 'restart', 'reserve', 'unreserve', 'drain', 'undrain'] as const;
export type SessionAction = (typeof SESSION_ACTIONS)[number];

/** What a person wants done with sessions of one host. */
export interface ControlInput {
  readonly who: string;
  readonly action: SessionAction;
  /** Names of sessions or of pools; empty means all of the host. */
  readonly targets: readonly string[];
  /** With `reserve`: the pool they serve from now on; `<agent>-critical` when absent. */
  readonly pool?: string;
  /** Stop also those at work: their prompts are tried elsewhere. */
  readonly force?: boolean;
}

export interface ControlResult {
  readonly done: readonly string[];
  /** `codex-1: is at work on …; say --force to end that`. */
  readonly refused: readonly string[];
}
