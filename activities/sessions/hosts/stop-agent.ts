import { endAgent, type EndOptions } from '../agents-at-work';
import type { LiveSession } from './live-session';
import type { SessionHost } from './session-host';

/** End a session's agent, whatever it is at. */
export async function stopAgent(
  host: SessionHost,
  session: LiveSession,
  options: Pick<EndOptions, 'graceMs'> = {},
): Promise<void> {
  const record = await host.recordOf(session);
  if (record === undefined) return;
  session.stopping = true;
  try {
    await endAgent(record, { interrupt: true, ...options }, host.ports);
    // A dispatch that has it finds it dead and says so; nobody else would clear it away.
    if (session.record.lease?.begun !== true) await host.apply(session, { type: 'vacated', agentId: record.id });
  } finally {
    session.stopping = false;
  }
  session.up = false;
  host.wake();
}
