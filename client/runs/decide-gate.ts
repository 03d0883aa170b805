import { randomUUID } from 'node:crypto';
import { nearestWord } from '../../contracts/nearest-word';
import { approveSignal, approveUpdate, rejectSignal, rejectUpdate, type VoteMessage } from '../../contracts/messages';
import { isEnd, type GateRecord, type RunRef, type RunView } from '../../contracts/run';
import { RefusedError } from '../faults';
import { NoWorkerError, type Temporal } from '../temporal';
import { approversOf } from './approvers';
import { readNested } from './read-run';

export interface Vote {
  readonly decision: 'approve' | 'reject';
  /** Absent: the only open gate. */
  readonly gate?: string;
  readonly who: string;
  readonly comment?: string;
}

export interface OpenGate {
  /** The run the gate stands in: the one asked about, or one it nests. */
  readonly run: RunRef;
  readonly gate: GateRecord;
}

/** Vote at a gate of the run or of one it nests; answers what the run says. Fails: RefusedError, NoWorkerError. */
export async function decideGate(temporal: Temporal, view: RunView, vote: Vote): Promise<string> {
  if (isEnd(view.status)) throw tooLate(view, vote.gate);
  const { run, gate } = chooseGate(await openGates(temporal, view), view, vote.gate);
  const update = vote.decision === 'approve' ? approveUpdate : rejectUpdate;
  return (await temporal.update(run, update, randomUUID(), messageOf(vote, gate.gate))).message;
}

/**
 * Leave a vote with the server, for a worker to count when one is there: nobody can say now whether it will be.
 * Without a worker the open gates are not known, so the gate must be named.
 */
export async function leaveVote(temporal: Temporal, run: RunRef, vote: Vote): Promise<string> {
  if (vote.gate === undefined) {
    throw new NoWorkerError('No worker answers, so which gate is open is not known.', 'Name the gate.');
  }
  await temporal.signal(run, vote.decision === 'approve' ? approveSignal : rejectSignal, messageOf(vote, vote.gate));
  return `Left for gate "${vote.gate}". It counts once a worker reads it; \`gantry audit\` will tell.`;
}

/** Every gate that waits for people, here and in nested runs. */
export async function openGates(temporal: Temporal, view: RunView): Promise<OpenGate[]> {
  const views = [view, ...(await readNested(temporal, view))];
  return views.flatMap(({ run, gates }) =>
    gates.filter(({ outcome }) => outcome === undefined).map((gate) => ({ run, gate })),
  );
}

function tooLate(view: RunView, name: string | undefined): RefusedError {
  const outcome = view.gates.find(({ gate }) => gate === name)?.outcome;
  const decided = outcome === undefined ? '' : ` Gate "${name}" was ${outcome}.`;
  return new RefusedError(`The run has ended (${view.status}): no vote counts any more.${decided}`);
}

function messageOf(vote: Vote, gate: string): VoteMessage {
  return { gate, who: vote.who, ...(vote.comment !== undefined && { comment: vote.comment }) };
}

/** Pure: which gate a person means, or why none. */
export function chooseGate(open: readonly OpenGate[], view: RunView, name: string | undefined): OpenGate {
  const [only] = open;
  if (name === undefined) {
    if (only && open.length === 1) return only;
    if (only) throw new RefusedError(`Several gates are open: ${listOf(open)}.`, 'Name one of them.');
    throw new RefusedError(`No gate is open on this run (${view.status}).`);
  }
  const named = open.find(({ gate }) => gate.gate === name);
  if (named) return named;
  // A late vote goes to the run all the same: it answers for itself, and its audit trail is to know.
  const decided = view.gates.find(({ gate }) => gate === name);
  if (decided) return { run: view.run, gate: decided };
  const meant = nearestWord(
    name,
    open.map(({ gate }) => gate.gate),
  );
  throw new RefusedError(
    `No gate "${name}" is open on this run.${meant === undefined ? '' : ` Did you mean "${meant}"?`}`,
    only ? `Open: ${listOf(open)}.` : `No gate is open (${view.status}).`,
  );
}

function listOf(open: readonly OpenGate[]): string {
  return open.map(({ gate }) => `${gate.gate} (${approversOf(gate)})`).join(', ');
}
