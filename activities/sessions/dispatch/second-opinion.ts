import { readIfThere } from '../../files/whole-file';
import { childrenOf } from '../../processes/process-table';
import type { AgentKind, AgentStatus, Environment } from '../agents/agent-kind';
import type { AgentEvent, TurnState } from '../turn-state';

const LOOK_MS = 1_000;
/** A contradiction must stand this long: the file and the event of one moment are not written at one moment. */
const SETTLE_MS = 3_000;

/**
 * What the agent's process says of itself in a file, for where no event comes: an interrupted turn has none. Events
 * are believed first; a contradiction is settled by time, and no work is taken away before.
 */
export function secondOpinion(kind: AgentKind, env: Environment) {
  let lookedAt = 0;
  let since: number | undefined;
  return {
    doubt: (): string | undefined =>
      since === undefined ? undefined : 'its events say that it works, its own status file that it is idle',
    /** The event that never came; undefined while nothing speaks against what is known. */
    async ask(supervisorPid: number, state: TurnState): Promise<AgentEvent | undefined> {
      if (!kind.statusFile || Date.now() - lookedAt < LOOK_MS) return undefined;
      lookedAt = Date.now();
      const says = await readStatus(kind, supervisorPid, env);
      if (says !== 'idle' || !isAtWork(state)) {
        since = undefined;
        return undefined;
      }
      since ??= Date.now();
      return Date.now() - since < SETTLE_MS ? undefined : { kind: 'interrupted' };
    },
  };
}

function isAtWork({ phase, background = 0 }: TurnState): boolean {
  return (phase === 'accepted' || phase === 'busy' || phase === 'blocked') && background === 0;
}

async function readStatus(kind: AgentKind, supervisorPid: number, env: Environment): Promise<AgentStatus | undefined> {
  for (const pid of await childrenOf(supervisorPid)) {
    const path = kind.statusFile?.(pid, env);
    const text = path === undefined ? undefined : await readIfThere(path).catch(() => undefined);
    if (text !== undefined) return kind.readStatus?.(text);
  }
  return undefined;
}
