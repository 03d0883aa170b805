import { inspect } from '../../processes/supervised';
import type { JournalEvent } from '../agents/agent-kind';
import { squash } from '../clean-text';
import { tailLines } from '../line-tail';
import type { Dispatch, Session } from '../session-backend';
import { INITIAL_TURN, isOver, reduceTurn, type AgentEvent, type TurnState } from '../turn-state';

const TERMINAL_LOOK_MS = 1_500;
const ACCEPTED = ['pasted', 'submitted', 'accepted'] as const;

export interface TurnWatch {
  /** Look once: what the agent wrote, whether it lives. Records the receipts that are seen for the first time. */
  look(): Promise<TurnState>;
  /** An event that was seen elsewhere. */
  note(event: AgentEvent): Promise<TurnState>;
}

/**
 * Fold everything known of a turn into its state. All of it comes from files that outlive this process, so that a
 * second attempt folds to the same state.
 */
export function watchTurn(
  dispatch: Dispatch,
  session: Session,
  paths: { journal: string; output?: string },
): TurnWatch {
  const { kind, ledger } = dispatch;
  const journal = tailLines(paths.journal);
  const output = paths.output === undefined ? undefined : tailLines(paths.output);
  let terminalLookAt = 0;
  let state = INITIAL_TURN;

  const note = async (event: AgentEvent) => {
    state = reduceTurn(state, event);
    // A prompt that was accepted was pasted and submitted, whether that was seen or not.
    if (state.acceptances > 0) for (const name of ACCEPTED) await ledger.record(name);
    if (state.phase === 'finished') await ledger.record('finished');
    return state;
  };
  // What an earlier attempt read off the screen is nowhere else.
  const seed = async () => {
    const { acceptedAt, finishedAt } = ledger.receipts();
    if (acceptedAt !== undefined && kind.terminal?.accepted === 'screen') await note({ kind: 'accepted' });
    if (finishedAt !== undefined) await note({ kind: 'finished' });
  };
  const lost = async () => {
    if (Date.now() - terminalLookAt < TERMINAL_LOOK_MS) return undefined;
    terminalLookAt = Date.now();
    return session.lost();
  };
  let seeded = false;
  return {
    note,
    async look() {
      // Whether it lives is asked first: what it wrote before it ended is then certainly in the files.
      const process = await inspect(dispatch.processDir);
      const loss = process.state === 'running' ? await lost() : undefined;
      for (const line of await journal.read()) {
        for (const event of kind.readJournal(line)) await note(ours(event, dispatch));
      }
      for (const line of (await output?.read()) ?? []) {
        for (const event of kind.readOutput(line)) await note(event);
      }
      if (!seeded) await seed();
      seeded = true;
      for (const event of isOver(state) ? [] : await session.look(state)) await note(event);
      if (isOver(state)) return state;
      if (loss !== undefined) return note({ kind: 'ended', how: loss });
      if (process.state === 'exited') {
        const meaning = kind.atExit?.(process.exitCode, state);
        if (meaning && isOver(await note(meaning))) return state;
        return note({ kind: 'ended', how: describeExit(process), exitCode: process.exitCode });
      }
      if (process.state === 'lost') return note({ kind: 'ended', how: 'its process was killed from outside' });
      return state;
    },
  };
}

/** A prompt that somebody else typed is work, but not the acceptance of ours. */
function ours(event: JournalEvent, { ledger, promptPath, prompt }: Dispatch): AgentEvent {
  if (event.kind !== 'prompt') return event;
  const heard = squash(event.prompt);
  const isOurs =
    heard.includes(squash(promptPath)) || heard.includes(squash(prompt)) || heard.includes(ledger.claim.dispatchId);
  return isOurs ? { kind: 'accepted' } : { kind: 'working', what: 'works on what a person typed' };
}

function describeExit({ exitCode, signal }: { readonly exitCode: number; readonly signal?: string }): string {
  return signal === undefined ? `its process ended with exit code ${exitCode}` : `its process was ended by ${signal}`;
}
