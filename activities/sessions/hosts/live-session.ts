import type { SessionState } from '../../../contracts/sessions';
import type { TurnState } from '../turn-state';
import { isUnhealthy, type SessionRecord } from './session-record';

/** A session as its host sees it now: what it remembers, and what was last seen of its agent. */
export class LiveSession {
  /** Its agent's process is up. */
  up = false;
  /** Its agent has been started ahead of a prompt and is not ready yet. */
  starting = false;
  /** Its agent is being ended on purpose: that it dies says nothing of its health. */
  stopping = false;
  /** A person is at its terminal. */
  held = false;
  /** The conversation its agent is kept up for. */
  keptConversation: string | undefined;
  memoryMb: number | undefined;
  pid: number | undefined;
  lastEventAt: number | undefined;
  /** What it is doing, in one line; of the dispatch that has it. */
  doing: string | undefined;
  private turn: TurnState | undefined;
  private doubt: string | undefined;
  private changedAt = Date.now();
  private shown: SessionState | undefined;

  constructor(public record: SessionRecord) {}

  get state(): SessionState {
    const { lease } = this.record;
    if (lease !== undefined) return lease.begun ? this.workingState() : 'leased';
    if (this.held) return 'held';
    if (isUnhealthy(this.record)) return 'unhealthy';
    if (this.starting) return 'starting';
    return this.up ? 'idle' : 'stopped';
  }

  /** When it came to be as it is, as far as it was looked at. */
  get since(): number {
    const { state } = this;
    if (this.shown !== state) {
      this.shown = state;
      this.changedAt = Date.now();
    }
    return this.changedAt;
  }

  get conversation(): string | undefined {
    return this.turn?.agentSession ?? this.keptConversation;
  }

  turnSeen(turn: TurnState, doubt: string | undefined): void {
    if (turn !== this.turn) this.lastEventAt = Date.now();
    this.turn = turn;
    this.doubt = doubt;
    this.doing = doubt ?? turn.doing;
  }

  turnEnded(): void {
    this.turn = undefined;
    this.doubt = undefined;
    this.doing = undefined;
    this.held = false;
  }

  private workingState(): SessionState {
    if (this.turn?.phase === 'blocked') return 'asking';
    if (this.held && (this.turn?.acceptances ?? 0) === 0) return 'held';
    return this.doubt === undefined ? 'working' : 'detecting';
  }
}
