import { mkdir } from 'node:fs/promises';
import type {
  DispatchAsks,
  DispatchInput,
  DispatchResult,
  PoolActivities,
  SessionActivities,
} from '../../contracts/activities';
import type { JsonObject } from '../../contracts/json';
import { withHeartbeat, type Attempt } from '../heartbeat';
import { answerAgent } from './answer-agent';
import { dispatchPrompt, type DispatchControl } from './dispatch/dispatch-prompt';
import { hold } from './dispatch/holder';
import { isRecorded } from './dispatch/outcome';
import { findPlace, nowhere } from './dispatch/place';
import { dispatchDir } from './dispatch/prepare-dispatch';
import { DispatchReport } from './dispatch/report';
import { headlessBackend } from './headless/headless-backend';
import { controlSessions } from './hosts/control';
import { settleDispatch, takeUp } from './hosts/lease-of-dispatch';
import type { SessionHost } from './hosts/session-host';
import type { SessionPorts } from './ports';
import { tmuxBackend } from './tmux/tmux-backend';
import { tmuxServer } from './tmux/tmux-server';

export interface HostedActivities {
  readonly pools: PoolActivities;
  readonly sessions: SessionActivities;
  /** The dispatches that are followed now. */
  readonly followed: () => ReadonlySet<string>;
}

/** The activities of a host that has sessions. `leaving` resolves when the host is to be forgotten. */
export function createSessionActivities(host: SessionHost, leaving: Promise<void>): HostedActivities {
  const followed = new Map<string, number>();
  const follow = async <T>(dispatchId: string, work: () => Promise<T>): Promise<T> => {
    followed.set(dispatchId, (followed.get(dispatchId) ?? 0) + 1);
    try {
      return await work();
    } finally {
      const left = (followed.get(dispatchId) ?? 1) - 1;
      if (left > 0) followed.set(dispatchId, left);
      else followed.delete(dispatchId);
    }
  };
  return {
    followed: () => new Set(followed.keys()),
    pools: { reserveSession: (input) => host.reserve(input) },
    sessions: {
      dispatchPrompt: (input) => follow(input.dispatchId, () => dispatchOn(host, input)),
      answerAgent: (input) => answerAgent(input, host.ports.home),
      releaseSession: async ({ lease }) => ({ released: await host.release(lease.id) }),
      controlSessions: (input) => controlSessions(input, host),
      serveSessions: () =>
        withHeartbeat(
          () => host.view() as unknown as JsonObject,
          async ({ signal }) => {
            await Promise.race([leaving, aborted(signal)]);
            return { left: true as const };
          },
        ),
    },
  };
}

export function sessionBackends({
  tmux,
  environment,
}: Pick<SessionPorts, 'tmux' | 'environment'>): SessionPorts['backends'] {
  return { tmux: tmuxBackend(tmuxServer(tmux.socket, environment)), headless: headlessBackend() };
}

/** One attempt at a dispatch: alone with it, on the session that was leased for it, wherever its files are. */
function dispatchOn(host: SessionHost, input: DispatchInput): Promise<DispatchResult | DispatchAsks> {
  const { ports } = host;
  const report = new DispatchReport(input, ports);
  return withHeartbeat(
    () => report.details(),
    async (attempt) => {
      const dir = dispatchDir(ports.home, input.dispatchId);
      await mkdir(dir, { recursive: true, mode: 0o700 });
      const holder = await hold(dir, attempt.signal, () => report.doing('waits for an earlier attempt to let go'));
      try {
        const session = await takeUp(host, input, dir);
        const control = controlOf(attempt, report, (turn, doubt) => session.turnSeen(turn, doubt));
        return await settleDispatch(host, input, attempt, async () => {
          const slot = host.slotOf(session);
          // What has ended needs no worktree any more.
          const isOver = await isRecorded(dir);
          const place = isOver ? nowhere(slot) : await findPlace(input, slot, ports, attempt);
          try {
            return await dispatchPrompt(input, { place, holder, control }, ports);
          } finally {
            place.close();
          }
        });
      } finally {
        await holder.release();
      }
    },
  );
}

function controlOf(
  { signal, stopRequested }: Attempt,
  report: DispatchReport,
  onTurn: DispatchControl['onTurn'],
): DispatchControl {
  return {
    signal,
    stopRequested,
    doing: report.doing,
    onOpen: report.onOpen,
    onTurn: (turn, doubt) => {
      report.turnSeen(turn, doubt);
      onTurn(turn, doubt);
    },
  };
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const stop = () => reject(signal.reason as Error);
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
  });
}
