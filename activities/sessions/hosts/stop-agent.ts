import { endAgent } from '../agents-at-work';
import type { LiveSession } from './live-session';
import type { SessionHost } from './session-host';

/** End a session's agent, whatever it is at. */
export async function stopAgent(host: SessionHost, session: LiveSession): Promise<void> {
  const record = await host.recordOf(session);
  if (record === undefined) return;
  await endAgent(record, { interrupt: true }, host.ports);
  // A dispatch that has it finds it dead and says so; nobody else would clear it away.
  if (session.record.lease?.begun !== true) await host.apply(session, { type: 'vacated', agentId: record.id });
  session.up = false;
  host.wake();
}
