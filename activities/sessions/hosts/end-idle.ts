import type { SessionHost } from './session-host';
import { stopAgent } from './stop-agent';

/** From SIGTERM to SIGKILL, for agents that would be given longer: somebody waits for the host to end. */
const GRACE_MS = 4_000;

/**
 * End the agents that no prompt has, when their host leaves: nobody would look after them. A conversation that one was
 * kept for is resumed by its id, as after any long idle time. Agents at work go on, and so does one that a person is
 * looking at. Call it when nothing is leased or started any more.
 */
export async function endIdleAgents(host: SessionHost): Promise<void> {
  const idle = host.all.filter(({ record, held }) => record.lease === undefined && !held);
  await Promise.all(
    idle.map((session) =>
      stopAgent(host, session, { graceMs: GRACE_MS }).catch((error: unknown) => {
        host.ports.log.info('an idle agent could not be ended', { session: session.record.name, error });
      }),
    ),
  );
}
