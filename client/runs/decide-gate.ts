import { randomUUID } from 'node:crypto';
import { nestedRunId } from '../../contracts/ids';
import { approveSignal, approveUpdate, rejectSignal, rejectUpdate, type VoteMessage } from '../../contracts/messages';
import { isEnd, type GateRecord, type RunRef, type RunView } from '../../contracts/run';
import { RefusedError } from '../faults';
import { NoWorkerError, type Temporal } from '../temporal';
import { approversOf } from './approvers';
import { readNested } from './read-run';

export interface Vote {
  readonly decision: 'approve' | 'reject';
  /** As a person names it: `approve`, or `inner/approve` for one of a nested run. Absent: the only open gate. */
  readonly gate?: string;
  readonly who: string;
  readonly comment?: string;
}

export interface OpenGate {
  /** The run the gate stands in: the one asked about, or one it nests. */
  readonly run: RunRef;
  /** From the run asked about: `approve`, `inner/approve`. */
  readonly name: string;
  readonly gate: GateRecord;
}

/** Vote at a gate of the run or of one it nests; answers what the run says. Fails: RefusedError, NoWorkerError. */
export async function decideGate(temporal: Temporal, view: RunView, vote: Vote): Promise<string> {
  if (isEnd(view.status)) throw tooLate(view, vote.gate);
  const open = await openGates(temporal, view);
  const { run, gate } = chooseGate(open, view, vote.gate);
  const update = vote.decision === 'approve' ? approveUpdate : rejectUpdate;
  try {
    return (await temporal.runs.update(run, update, randomUUID(), messageOf(vote, gate))).message;
  } catch (error) {
    const isOpen = open.some((one) => one.run.runId === run.runId && one.gate.gate === gate);
    if (!(error instanceof RefusedError) || isOpen || open.length === 0) throw error;
    throw new RefusedError(error.message, `Open: ${listOf(open)}.`, { cause: error });
  }
}

/**
 * Leave a vote with the server, for a worker to count when one is there: nobody can say now whether it will be.
 * Without a worker the open gates are not known, so the gate must be named.
 */
export async function leaveVote(temporal: Temporal, run: RunRef, vote: Vote): Promise<string> {
  if (vote.gate === undefined) {
    throw new NoWorkerError('No worker answers, so which gate is open is not known.', 'Name the gate.');
  }
  const stages = vote.gate.split('/');
  const gate = stages.pop()!;
  const holder = { ...run, runId: stages.reduce(nestedRunId, run.runId) };
  await temporal.runs.signal(holder, vote.decision === 'approve' ? approveSignal : rejectSignal, messageOf(vote, gate));
  return `Left for gate "${vote.gate}". It counts once a worker reads it; \`gantry audit\` will tell.`;
}

/** Every gate that waits for people, here and in nested runs. */
export async function openGates(temporal: Temporal, view: RunView): Promise<OpenGate[]> {
  const nested = await readNested(temporal, view);
  return [...openHere(view), ...nested.flatMap((inner) => openHere(inner.view, `${inner.path}/`))];
}

/** The open gates of one run alone. */
export function openHere({ run, gates }: RunView, prefix = ''): OpenGate[] {
  return gates
    .filter(({ outcome }) => outcome === undefined)
    .map((gate) => ({ run, gate, name: `${prefix}${gate.gate}` }));
}

function tooLate(view: RunView, name: string | undefined): RefusedError {
  const outcome = view.gates.find(({ gate }) => gate === name)?.outcome;
  const decided = outcome === undefined ? '' : ` Gate "${name}" was ${outcome}.`;
  return new RefusedError(`The run has ended (${view.status}): no vote counts any more.${decided}`);
}

function messageOf(vote: Vote, gate: string): VoteMessage {
  return { gate, who: vote.who, ...(vote.comment !== undefined && { comment: vote.comment }) };
}

/** Pure: which run and gate a person means. Fails: RefusedError when that is not clear. */
export function chooseGate(
  open: readonly OpenGate[],
  view: Pick<RunView, 'run' | 'status'>,
  name: string | undefined,
): { readonly run: RunRef; readonly gate: string } {
  const [only] = open;
  if (name === undefined) {
    if (only && open.length === 1) return { run: only.run, gate: only.gate.gate };
    if (only) throw new RefusedError(`Several gates are open: ${listOf(open)}.`, 'Name one of them.');
    throw new RefusedError(`No gate is open on this run (${view.status}).`);
  }
  const exact = open.filter((one) => one.name === name);
  const fitting = exact.length > 0 ? exact : open.filter(({ gate }) => gate.gate === name);
  if (fitting.length > 1) throw new RefusedError(`"${name}" may be ${namesOf(fitting).join(' or ')}.`, 'Name one.');
  const [meant] = fitting;
  // A wrong or late vote goes to the run all the same: it answers for itself, and its audit trail is to know.
  return meant ? { run: meant.run, gate: meant.gate.gate } : { run: view.run, gate: name };
}

function namesOf(gates: readonly OpenGate[]): string[] {
  return gates.map(({ name }) => name);
}

function listOf(open: readonly OpenGate[]): string {
  return open.map(({ name, gate }) => `${name} (${approversOf(gate)})`).join(', ');
}
