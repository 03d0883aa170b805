import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { isCode } from '../../files/whole-file';
import { agentBackends, type AgentPorts } from '../session-activities';
import { sessionName } from './prepare-dispatch';
import { readClaim } from './receipts';

/**
 * End every agent that works in a directory: before the directory is removed, and for dispatches whose cancellation
 * no worker was there to see. Gives the sessions it ended or found ended.
 */
export async function endDispatchesIn(
  cwd: string,
  ports: Pick<AgentPorts, 'home' | 'tmux' | 'agents' | 'environment'>,
): Promise<string[]> {
  const backends = agentBackends(ports);
  const ended: string[] = [];
  for (const dir of await dispatchDirs(ports.home)) {
    const claim = await readClaim(dir);
    if (claim?.cwd !== cwd) continue;
    await backends[claim.backend].end(sessionName(dir, claim, ports.agents), { interrupt: true });
    ended.push(claim.session);
  }
  return ended;
}

async function dispatchDirs(home: string): Promise<string[]> {
  const root = join(home, 'dispatches');
  const names = await readdir(root).catch((error: unknown) => {
    if (isCode(error, 'ENOENT')) return [];
    throw error;
  });
  return names.map((name) => join(root, name));
}
