import { ApplicationFailure, setHandler } from '@temporalio/workflow';
import * as messages from '../../contracts/messages';
import type {
  Answer,
  PriorityMessage,
  RequestMessage,
  RetryMessage,
  RollbackMessage,
  VoteMessage,
} from '../../contracts/messages';
import { stageOfGate } from '../../contracts/ids';
import { PRIORITY, isPriority } from '../../contracts/priority';
import type { GateRecord } from '../../contracts/run';
import { resetFrom } from './after-failure';
import { vote, type VoteAnswer } from './gates';
import { isSettled, stageStatus } from './plan';
import { resultOf } from './result';
import type { RunContext } from './run-context';
import { openGates, viewOf } from './view';

/**
 * What people may ask of a run. Every request is an update, which is answered at once, and those that the Web UI should
 * be able to send are signals too. A request that makes no sense now is refused before it enters the history; a vote
 * that does not count enters it, and is kept in the audit trail.
 */
export function listen(run: RunContext): void {
  setHandler(messages.statusQuery, () => viewOf(run), { description: 'How the run stands: stages, gates, cost' });
  setHandler(messages.auditQuery, () => run.state.audit, { description: 'Every decision, by whom and when' });
  setHandler(messages.resultQuery, () => (run.state.ended === undefined ? null : resultOf(run, run.state.ended)), {
    description: 'How the run ended, null while it has not',
  });
  listenToVotes(run);
  listenToRequests(run);
}

const VOTE_FORM = '{"gate": "approve", "who": "your name", "comment": "optional"}';
const REQUEST_FORM = '{"who": "your name", "comment": "optional"}';

function listenToVotes(run: RunContext): void {
  for (const decision of ['approve', 'reject'] as const) {
    const signal = decision === 'approve' ? messages.approveSignal : messages.rejectSignal;
    const update = decision === 'approve' ? messages.approveUpdate : messages.rejectUpdate;
    setHandler(signal, (message) => voteBySignal(run, decision, message), {
      description: `${decision} a gate; send ${VOTE_FORM}`,
    });
    setHandler(update, (message) => answerVote(run, decision, message), {
      description: `${decision} a gate and hear at once what came of it; send ${VOTE_FORM}`,
    });
  }
}

function castVote(run: RunContext, decision: 'approve' | 'reject', message: VoteMessage): VoteAnswer {
  const gate = run.state.gates[message.gate];
  if (gate === undefined) return { counted: false, message: noSuchGate(run, message.gate) };
  const { who, comment } = message;
  if (typeof who !== 'string' || who.trim() === '')
    return { counted: false, message: 'A vote needs a name: set "who".' };
  return vote(gate, { who, decision, at: Date.now(), ...(comment === undefined ? {} : { comment }) });
}

function noSuchGate(run: RunContext, gate: string): string {
  const open = openGates(run);
  const others = open.length === 0 ? 'No gate is open.' : `Open: ${open.join(', ')}.`;
  return `No gate "${gate}" is open on this run. ${others}`;
}

function answerVote(run: RunContext, decision: 'approve' | 'reject', message: VoteMessage): Answer {
  const answer = castVote(run, decision, message);
  if (!answer.counted) {
    keepRefused(run, decision, message, answer.message);
    throw refusal(answer.message);
  }
  count(run, decision, message, answer.gate);
  return { message: answer.message };
}

function voteBySignal(run: RunContext, decision: 'approve' | 'reject', message: VoteMessage): void {
  const answer = castVote(run, decision, message);
  if (answer.counted) return count(run, decision, message, answer.gate);
  keepRefused(run, decision, message, answer.message);
}

/** Somebody who may not, or came too late: that they tried is part of the story. So no validator turns votes away. */
function keepRefused(run: RunContext, decision: string, { who }: VoteMessage, reason: string): void {
  const name = typeof who === 'string' && who.trim() !== '' ? who : 'somebody';
  run.apply({ type: 'audit', what: 'gate.refused-vote', who: name, text: `${decision}: ${reason}` });
}

function count(run: RunContext, decision: string, message: VoteMessage, gate: GateRecord): void {
  run.apply({ type: 'gate.changed', gate });
  const text = message.comment === undefined ? decision : `${decision}: ${message.comment}`;
  run.apply({ type: 'audit', what: 'gate.voted', who: message.who, stage: stageOfGate(gate.gate), text });
}

function listenToRequests(run: RunContext): void {
  const pause = (paused: boolean) => (message: RequestMessage) => setPaused(run, paused, message);
  setHandler(messages.pauseSignal, (message) => void pause(true)(message), {
    description: `begin no new stage; send ${REQUEST_FORM}`,
  });
  setHandler(messages.unpauseSignal, (message) => void pause(false)(message), {
    description: `go on; send ${REQUEST_FORM}`,
  });
  setHandler(messages.pauseUpdate, pause(true), {
    description: `begin no new stage; what is at work finishes; send ${REQUEST_FORM}`,
    validator: (_message: RequestMessage) => {
      refuseWhenStopping(run);
      if (run.state.paused) refuse('The run is paused already.');
    },
  });
  setHandler(messages.unpauseUpdate, pause(false), {
    description: `go on; send ${REQUEST_FORM}`,
    validator: (_message: RequestMessage) => {
      if (!run.state.paused) refuse('The run is not paused; it goes on by itself.');
    },
  });
  setHandler(messages.cancelUpdate, (message) => cancel(run, message), {
    description: `end work in flight and take everything back; send ${REQUEST_FORM}`,
    validator: (_message: RequestMessage) => refuseWhenUndoing(run),
  });
  setHandler(messages.rollbackUpdate, (message) => rollback(run, message), {
    description: 'take everything back, or what was done after stage "to"; send {"who": "your name", "to": "stage"}',
    validator: ({ to }: RollbackMessage) => {
      refuseWhenUndoing(run);
      if (to !== undefined) refuseUnfinished(run, to);
    },
  });
  setHandler(messages.retryUpdate, ({ who, from }) => retry(run, who, from), {
    description: 'do a stage and all that follow from it again; send {"who": "your name", "from": "stage"}',
    validator: ({ from }: RetryMessage) => {
      refuseWhenStopping(run);
      refuseUnknownStage(run, from);
    },
  });
  setHandler(messages.priorityUpdate, ({ who, priority }) => setPriority(run, who, priority), {
    description:
      'change the place in queues of prompts not yet sent; send {"who": "your name", "priority": 8}, 10 is first and 1 last',
    validator: ({ priority }: PriorityMessage) => {
      if (!isPriority(priority))
        refuse(`Priority is ${PRIORITY.highest} (first) to ${PRIORITY.lowest} (last), got ${priority}.`);
    },
  });
}

function setPaused(run: RunContext, paused: boolean, { who, comment }: RequestMessage): Answer {
  if (run.state.paused !== paused) {
    run.apply({ type: 'paused', paused, who, ...(comment === undefined ? {} : { comment }) });
  }
  const atWork = run.busy.size;
  return { message: paused ? `Paused. ${atWork} at work will finish.` : 'The run goes on.' };
}

function cancel(run: RunContext, { who, comment }: RequestMessage): Answer {
  run.stop({ kind: 'cancel', who, ...(comment === undefined ? {} : { comment }) });
  return { message: `Cancelling: ${run.busy.size} at work, ${run.state.undos.length} to take back.` };
}

function rollback(run: RunContext, { who, to }: RollbackMessage): Answer {
  run.stop({ kind: 'rollback', who, ...(to === undefined ? {} : { to }) });
  return { message: to === undefined ? 'Taking everything back.' : `Taking back what was done after ${to}.` };
}

function retry(run: RunContext, who: string, from: string): Answer {
  run.apply({ type: 'audit', what: 'run.retried', who, stage: from, text: `from ${from}` });
  resetFrom(run, [from]);
  return { message: `Doing ${from} and what follows from it again.` };
}

function setPriority(run: RunContext, who: string, priority: number): Answer {
  run.apply({ type: 'priority', priority, who });
  return { message: `Priority is ${priority} for prompts not yet sent.` };
}

function refuseWhenUndoing(run: RunContext): void {
  if (run.state.undoing) refuse('The run is taking back what it did already.');
}

function refuseWhenStopping(run: RunContext): void {
  refuseWhenUndoing(run);
  if (run.state.stop !== undefined) refuse('The run is ending already.');
}

function refuseUnknownStage(run: RunContext, id: string): void {
  if (run.graph.stages.some((stage) => stage.id === id)) return;
  refuse(`No stage "${id}" in this pipeline. Stages: ${run.graph.stages.map((stage) => stage.id).join(', ')}.`);
}

function refuseUnfinished(run: RunContext, id: string): void {
  refuseUnknownStage(run, id);
  const status = stageStatus(run.state, run.graph.stage(id));
  if (!isSettled(status)) refuse(`Stage "${id}" is ${status}: only a finished stage can be kept.`);
}

function refuse(message: string): never {
  throw refusal(message);
}

function refusal(message: string): ApplicationFailure {
  return ApplicationFailure.nonRetryable(message, messages.REFUSED);
}
