import type { QueuePlace, StageRecord } from '../../contracts/run';
import type { Conversation } from '../../contracts/sessions';
import type { PromptEvent } from './run-events';
import { patchStage, withStage, without } from './stage-records';
import type { RunState } from './state';

/** What happens to the prompt of an agent stage: where it waits, who has it, what was said. */
export function reducePrompt(state: RunState, event: PromptEvent): RunState {
  const record = state.stages[event.key];
  if (record === undefined) return state;
  switch (event.type) {
    case 'prompt.waits':
      return withStage(state, { ...record, status: 'waiting', waitsIn: [] });
    case 'place.joined':
      return withStage(state, { ...record, waitsIn: [...(record.waitsIn ?? []), event.place] });
    case 'place.left':
      return withStage(state, {
        ...record,
        waitsIn: (record.waitsIn ?? []).filter((one) => !isSame(one, event.place)),
      });
    case 'prompt.leased':
      return withStage(state, { ...without(record, 'waitsIn'), status: 'running', lease: event.lease });
    case 'conversation.known':
      return converse(state, record, event.conversation, event.interrupted);
    case 'pool.avoided': {
      const others = (record.avoids ?? []).filter(({ pool }) => pool !== event.closed.pool);
      return withStage(state, { ...record, avoids: [...others, event.closed] });
    }
    case 'agent.asking':
      return patchStage(state, event.key, { status: event.asking ? 'waiting' : 'running' });
    case 'attempts.granted':
      return grant(state, record);
  }
}

function isSame(one: QueuePlace, other: QueuePlace): boolean {
  return one.pool === other.pool && one.priority === other.priority;
}

function converse(
  state: RunState,
  record: StageRecord,
  conversation: Conversation | undefined,
  interrupted: boolean,
): RunState {
  const { key } = record;
  if (conversation === undefined) {
    const silent = withStage(state, { ...without(record, 'conversation'), interrupted });
    return { ...silent, conversations: without(state.conversations, key) };
  }
  const known = withStage(state, { ...record, conversation, interrupted });
  return { ...known, conversations: { ...state.conversations, [key]: conversation } };
}

/** The question is answered: when these attempts are used up too, it is asked anew. */
function grant(state: RunState, record: StageRecord): RunState {
  const again = without(without(record, 'failure'), 'endedAt');
  const running = withStage(state, { ...again, status: 'running', granted: record.attempt });
  return { ...running, gates: without(state.gates, record.key) };
}
