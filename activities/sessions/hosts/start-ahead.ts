import { randomUUID } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { watchFolders } from '../../files/folder-watch';
import { inspect } from '../../processes/supervised';
import { journalPath, processDir } from '../agent-record';
import { endAgent, recordAgent } from '../agents-at-work';
import { SILENT_MS } from '../dispatch/was-ready';
import { tailLines } from '../line-tail';
import { planAgent } from '../plan-agent';
import type { AgentStart } from '../session-backend';
import type { LiveSession } from './live-session';
import type { SessionHost } from './session-host';

const LOOK_MS = 250;

/** Start a session's agent in its own directory before any prompt comes, so that one finds it waiting. */
export async function startAhead(host: SessionHost, session: LiveSession): Promise<void> {
  const { record } = session;
  const slot = host.slotOf(session);
  if (host.ports.agents[record.agent]?.backend !== 'tmux') return;
  await mkdir(slot.directory, { recursive: true, mode: 0o700 });
  const id = `ahead.${host.spec.host}.${record.name}.${randomUUID().slice(0, 8)}`;
  session.starting = true;
  let agent: AgentStart | undefined;
  try {
    agent = planAgent({ id, agent: record.agent, terminal: slot.terminal, cwd: slot.directory }, host.ports);
    await recordAgent(agent);
    await slot.occupy(agent.record);
    await host.ports.backends.tmux.start(agent);
    session.up = true;
    void settle(host, session, agent);
  } catch (error) {
    await comeToNothing(host, session, agent, (error as Error).message);
  }
}

async function settle(host: SessionHost, session: LiveSession, agent: AgentStart): Promise<void> {
  try {
    const trouble = await untilReady(agent, host.ports.agents[agent.record.agent]?.['ready-ms'] ?? SILENT_MS);
    if (trouble !== undefined) return await comeToNothing(host, session, agent, trouble);
    await host.apply(session, { type: 'trusted' });
  } catch (error) {
    host.ports.log.info('an agent that was started ahead could not be looked at', { agent: agent.record.id, error });
  } finally {
    session.starting = false;
    host.wake();
  }
}

/** What kept it from being ready; undefined when it is. */
async function untilReady({ dir, kind }: AgentStart, readyMs: number): Promise<string | undefined> {
  const journal = tailLines(journalPath(dir));
  const changes = watchFolders({ [dir]: ['events.jsonl'], [processDir(dir)]: ['exit'] });
  const startedAt = Date.now();
  const says = kind.terminal?.ready === 'event';
  const never = new AbortController();
  try {
    for (;;) {
      const process = await inspect(processDir(dir));
      if (process.state !== 'running') return `its agent ended at once (${process.state})`;
      for (const line of await journal.read()) {
        if (kind.readJournal(line).some((event) => event.kind === 'ready')) return undefined;
      }
      const waited = Date.now() - startedAt;
      if (!says && waited > SILENT_MS) return undefined;
      if (waited > readyMs) return `its agent was not ready within ${readyMs / 1000} s`;
      await changes.next(LOOK_MS, never.signal);
    }
  } finally {
    changes.close();
  }
}

async function comeToNothing(
  host: SessionHost,
  session: LiveSession,
  agent: AgentStart | undefined,
  why: string,
): Promise<void> {
  const isReplaced = agent !== undefined && session.record.agentId !== agent.record.id;
  // A prompt came that needs another one, or somebody has it ended.
  if (isReplaced || session.stopping) return;
  session.starting = false;
  session.up = false;
  host.ports.log.info('an agent did not come up', { session: session.record.name, why });
  await host.apply(session, { type: 'failed', why });
  // A prompt that took it meanwhile finds it dead and says so itself.
  if (agent === undefined || session.record.lease?.begun === true) return;
  await endAgent(agent.record, { interrupt: false }, host.ports);
  await host.apply(session, { type: 'vacated', agentId: agent.record.id });
}
