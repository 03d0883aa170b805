import { setTimeout as sleep } from 'node:timers/promises';
import type { AgentKind } from '../agents/agent-kind';
import type { TurnState } from '../turn-state';
import type { TurnWatch } from '../session-backend';

const LOOK_MS = 50;
/** Agents write their logs behind their reports; what comes later than this is not worth the wait. */
const PATIENCE_MS = 2_000;

/** The state of a finished turn, with what its agent's log tells of it after the end. */
export async function hearCosts(kind: AgentKind, watch: TurnWatch, ended: TurnState): Promise<TurnState> {
  let state = ended;
  const deadline = Date.now() + PATIENCE_MS;
  while (kind.readTranscript && state.transcript !== undefined && !state.logged && Date.now() < deadline) {
    await sleep(LOOK_MS);
    state = await watch.look();
  }
  return state;
}
