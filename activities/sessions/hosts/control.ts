import { criticalPool } from '../../../contracts/priority';
import type { ControlInput, ControlResult } from '../../../contracts/sessions';
import type { LiveSession } from './live-session';
import type { SessionHost } from './session-host';
import { startAhead } from './start-ahead';
import { stopAgent } from './stop-agent';

/** What a person wants done with sessions. Each is done or refused by itself. */
export async function controlSessions(input: ControlInput, host: SessionHost): Promise<ControlResult> {
  const done: string[] = [];
  const refused: string[] = [];
  const { sessions, unknown } = targetsOf(input.targets, host);
  const names = host.all.map(({ record }) => record.name).join(', ');
  for (const target of unknown) refused.push(`${target}: no session or pool of ${host.spec.host} (it has ${names})`);
  for (const session of sessions) {
    const why = await control(session, input, host);
    if (why === undefined) done.push(session.record.name);
    else refused.push(`${session.record.name}: ${why}`);
  }
  host.ports.log.info('sessions were controlled', { ...input, done, refused });
  return { done, refused };
}

function targetsOf(targets: readonly string[], host: SessionHost): { sessions: LiveSession[]; unknown: string[] } {
  if (targets.length === 0) return { sessions: [...host.all], unknown: [] };
  const named = (target: string): LiveSession[] =>
    host.all.filter(({ record }) => record.name === target || record.pool === target);
  const unknown = targets.filter((target) => named(target).length === 0);
  return { sessions: [...new Set(targets.flatMap(named))], unknown };
}

/** Why not; undefined when it is done. */
async function control(session: LiveSession, input: ControlInput, host: SessionHost): Promise<string | undefined> {
  const { action, force = false } = input;
  const { lease } = session.record;
  switch (action) {
    case 'start':
      await host.apply(session, { type: 'draining', draining: false });
      await host.apply(session, { type: 'trusted' });
      if (lease === undefined && !session.up) await startAhead(host, session);
      return undefined;
    case 'stop':
      if (lease !== undefined && !force) return isAtWork(session);
      await host.apply(session, { type: 'draining', draining: true });
      await stopAgent(host, session);
      return undefined;
    case 'restart':
      if (lease !== undefined && !force) return isAtWork(session);
      await host.apply(session, { type: 'trusted' });
      await stopAgent(host, session);
      if (lease === undefined) await startAhead(host, session);
      return undefined;
    case 'drain':
    case 'undrain':
      await host.apply(session, { type: 'draining', draining: action === 'drain' });
      return undefined;
    case 'reserve':
      await host.apply(session, { type: 'moved', pool: input.pool ?? criticalPool(session.record.agent) });
      return undefined;
    case 'unreserve':
      await host.apply(session, { type: 'moved', pool: session.record.ownPool });
      return undefined;
  }
}

function isAtWork({ record }: LiveSession): string {
  const { run, stage } = record.lease!;
  return `is at work on ${run.project}/${run.runId} ${stage}; say --force to end that, and the prompt is tried again elsewhere`;
}
