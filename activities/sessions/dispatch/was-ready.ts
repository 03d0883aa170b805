import { readIfThere } from '../../files/whole-file';
import { journalPath } from '../agent-record';
import type { AgentStart } from '../session-backend';
import type { Claim } from './receipts';

/** An agent that does not say when it is ready is taken to be after this long. */
export const SILENT_MS = 2_000;

/**
 * Was an agent that was up ready for a prompt when this one claimed it? One that was started ahead may have been still
 * starting. Told by what it had reported by then, so that every attempt answers the same.
 */
export async function wasReady(
  { record, dir, kind }: AgentStart,
  { claimedAt, journalFrom }: Pick<Claim, 'claimedAt' | 'journalFrom'>,
): Promise<boolean> {
  if (kind.terminal?.ready !== 'event') return claimedAt - record.startedAt > SILENT_MS;
  const journal = Buffer.from((await readIfThere(journalPath(dir))) ?? '').subarray(0, journalFrom);
  const lines = journal.toString('utf8').split('\n');
  return lines.some((line) => kind.readJournal(line).some((event) => event.kind === 'ready'));
}
