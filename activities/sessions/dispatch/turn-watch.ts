import { settlePrompt } from '../agents/agent-kind';
import { journalPath, processDir } from '../agent-record';
import { squash } from '../clean-text';
import { tailLines, type LineTail } from '../line-tail';
import type { SessionPorts } from '../ports';
import type { Dispatch, Session, TurnWatch } from '../session-backend';
import { INITIAL_TURN, isOver, reduceTurn, type AgentEvent, type TurnState } from '../turn-state';
import { inspect } from '../../processes/supervised';
import { secondOpinion } from './second-opinion';

const ACCEPTED = ['pasted', 'submitted', 'accepted'] as const;

/**
 * Fold everything known of a turn into its state. All of it comes from files that outlive this process, so that a
 * second attempt folds to the same state.
 */
export function watchTurn(dispatch: Dispatch, session: Session, ports: SessionPorts): TurnWatch {
  const { agent, ledger } = dispatch;
  const { kind, record, dir } = agent;
  const { journalFrom, logFrom } = ledger.claim;
  const journal = tailLines(journalPath(dir), journalFrom);
  const output = record.backend === 'headless' ? tailLines(session.logPath, logFrom) : undefined;
  const backend = ports.backends[record.backend];
  const opinion = secondOpinion(kind, agent.env);
  let transcript: { readonly path: string; readonly tail: LineTail } | undefined;
  let state: TurnState = {
    ...INITIAL_TURN,
    ...(record.conversation !== undefined && { agentSession: record.conversation }),
  };

  // A person may leave the conversation for another one, which is logged elsewhere.
  const follow = (path: string | undefined) => {
    if (path === undefined || path === transcript?.path || !kind.readTranscript) return;
    transcript = { path, tail: tailLines(path) };
  };
  const note = async (event: AgentEvent) => {
    state = reduceTurn(state, event);
    follow(state.transcript);
    // A prompt that was accepted was pasted and submitted, whether that was seen or not.
    if (state.acceptances > 0) for (const receipt of ACCEPTED) await ledger.record(receipt);
    if (state.phase === 'finished') await ledger.record('finished');
    return state;
  };
  // What an earlier attempt read off the screen is nowhere else; an agent that was ready reported that long ago.
  const seed = async () => {
    if (dispatch.wasReady) await note({ kind: 'ready' });
    const { acceptedAt, finishedAt } = ledger.receipts();
    if (acceptedAt !== undefined && kind.terminal?.accepted === 'screen') await note({ kind: 'accepted' });
    if (finishedAt !== undefined) await note({ kind: 'finished' });
  };
  const readFiles = async () => {
    // The transcript is fetched before the journal and told after it: its lines are then about prompts that are known.
    const logged = (await transcript?.tail.read()) ?? [];
    for (const line of await journal.read()) {
      for (const event of kind.readJournal(line)) await note(settlePrompt(event, (prompt) => isOurs(prompt, dispatch)));
    }
    for (const line of logged) for (const event of kind.readTranscript?.(line) ?? []) await note(event);
    for (const line of (await output?.read()) ?? []) for (const event of kind.readOutput(line)) await note(event);
  };
  let seeded = false;
  return {
    note,
    doubt: () => opinion.doubt(),
    transcript: () => state.transcript,
    async look() {
      if (!seeded && dispatch.wasReady) await note({ kind: 'ready' });
      // Whether it lives is asked first: what it wrote before it ended is then certainly in the files.
      const process = await inspect(processDir(dir));
      const loss = process.state === 'running' ? await backend.lost({ id: record.id, dir }) : undefined;
      await readFiles();
      if (!seeded) await seed();
      seeded = true;
      for (const event of isOver(state) ? [] : await session.look(state)) await note(event);
      if (isOver(state)) return state;
      if (loss !== undefined) return note({ kind: 'ended', how: loss });
      if (process.state === 'running') {
        const settled = await opinion.ask(process.pid, state);
        return settled === undefined ? state : note(settled);
      }
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
function isOurs(heard: string, { promptPath, prompt, id }: Dispatch): boolean {
  const text = squash(heard);
  return text.includes(squash(promptPath)) || text.includes(squash(prompt)) || text.includes(id);
}

function describeExit({ exitCode, signal }: { readonly exitCode: number; readonly signal?: string }): string {
  return signal === undefined ? `its process ended with exit code ${exitCode}` : `its process was ended by ${signal}`;
}
