import { mkdir } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import type {
  AgentActivities,
  CommandResult,
  DispatchProgress,
  DispatchResult,
  RunCommandInput,
} from '../../contracts/activities';
import type { JsonObject } from '../../contracts/json';
import type { AgentsConfig } from '../../contracts/schemas/agents';
import type { Text } from '../../contracts/text';
import { withHeartbeat } from '../heartbeat';
import type { Redactor } from '../secrets/redactor';
import type { Secrets } from '../secrets/secrets';
import { dispatchPrompt } from './dispatch/dispatch-prompt';
import { headlessBackend } from './headless/headless-backend';
import { hold } from './dispatch/holder';
import { dispatchDir } from './dispatch/prepare-dispatch';
import type { Dispatch, SessionBackend } from './session-backend';
import { tmuxBackend } from './tmux/tmux-backend';
import { tmuxServer } from './tmux/tmux-server';

export interface AgentPorts {
  /** Where dispatches keep their receipts; must be the same after a restart. */
  readonly home: string;
  /** `-L` of the private tmux server. */
  readonly tmux: { readonly socket: string };
  readonly agents: AgentsConfig;
  readonly runCommand: (input: RunCommandInput) => Promise<CommandResult>;
  readonly storeText: (text: string | Readable) => Promise<Text>;
  readonly readText: (text: Text) => Promise<string>;
  readonly redactor: Redactor;
  readonly secrets: Secrets;
  /** The worker's environment; agents see what they are allowed to of it. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly log: { info(message: string, attributes?: Record<string, unknown>): void };
}

export interface SessionPorts extends AgentPorts {
  readonly backends: Readonly<Record<'tmux' | 'headless', SessionBackend>>;
  readonly onReceipt: (name: string) => void;
}

/** The activities of a host that has agents. */
export function createAgentActivities(ports: AgentPorts): AgentActivities {
  const backends = agentBackends(ports);
  return {
    dispatchPrompt: (input) => {
      const { dispatchId } = input;
      const onReceipt = (receipt: string) => ports.log.info('receipt of a dispatch', { dispatchId, receipt });
      const progress = new Progress(dispatchId, ports.tmux.socket);
      return withHeartbeat(
        () => progress.details(),
        async ({ signal, stopRequested }): Promise<DispatchResult> => {
          const dir = dispatchDir(ports.home, dispatchId);
          await mkdir(dir, { recursive: true, mode: 0o700 });
          const holder = await hold(dir, signal, () => progress.doing('waits for an earlier attempt to let go'));
          try {
            const control = { signal, stopRequested, doing: progress.doing, onOpen: progress.onOpen };
            return await dispatchPrompt(input, { holder, control }, { ...ports, backends, onReceipt });
          } finally {
            await holder.release();
          }
        },
      );
    },
  };
}

export function agentBackends({
  tmux,
  environment,
}: Pick<AgentPorts, 'tmux' | 'environment'>): SessionPorts['backends'] {
  return { tmux: tmuxBackend(tmuxServer(tmux.socket, environment)), headless: headlessBackend() };
}

/** What heartbeats say. */
class Progress {
  private dispatch: Dispatch | undefined;
  private now = 'starting';

  constructor(
    private readonly dispatchId: string,
    private readonly socket: string,
  ) {}

  readonly doing = (text: string): void => {
    this.now = text;
  };

  readonly onOpen = (dispatch: Dispatch): void => {
    this.dispatch = dispatch;
  };

  details(): JsonObject {
    const receipts = this.dispatch?.ledger.receipts();
    const { session, backend } = this.dispatch?.ledger.claim ?? { session: this.dispatchId };
    const attach = backend === 'tmux' ? { attach: `tmux -L ${this.socket} attach -t ${session}` } : {};
    const details: DispatchProgress = { session, receipts: receipts ?? { claimedAt: 0 }, doing: this.now, ...attach };
    return { ...details, receipts: { ...details.receipts } };
  }
}
