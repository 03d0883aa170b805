import type { DispatchInput, DispatchProgress } from '../../../contracts/activities';
import type { JsonObject } from '../../../contracts/json';
import type { Dispatch } from '../session-backend';
import type { SessionPorts } from '../ports';
import type { TurnState } from '../turn-state';

/** What the heartbeats of a dispatch say. */
export class DispatchReport {
  private dispatch: Dispatch | undefined;
  private now = 'starting';
  private conversation: string | undefined;

  constructor(
    private readonly input: DispatchInput,
    private readonly ports: Pick<SessionPorts, 'host' | 'tmux'>,
  ) {}

  readonly doing = (text: string): void => {
    this.now = text;
  };

  readonly onOpen = (dispatch: Dispatch): void => {
    this.dispatch = dispatch;
  };

  readonly turnSeen = (turn: TurnState, doubt: string | undefined): void => {
    this.now = doubt === undefined ? turn.doing : `${turn.doing} (in doubt: ${doubt})`;
    if (this.dispatch?.agent.kind.resumes === true && turn.acceptances > 0) this.conversation = turn.agentSession;
  };

  details(): JsonObject {
    const { lease } = this.input;
    const { host, tmux } = this.ports;
    const record = this.dispatch?.agent.record;
    const id = this.conversation;
    const details: DispatchProgress = {
      session: `${host}/${lease.session}`,
      receipts: this.dispatch?.ledger.receipts() ?? { claimedAt: 0 },
      doing: this.now,
      ...(record?.backend === 'tmux' && { attach: `tmux -L ${tmux.socket} attach -t =${record.terminal}` }),
      ...(id !== undefined && { conversation: { id, agent: lease.agent, host, session: lease.session } }),
    };
    return details as unknown as JsonObject;
  }
}
