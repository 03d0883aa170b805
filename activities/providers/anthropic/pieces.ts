import type Anthropic from '@anthropic-ai/sdk';
import type { FinishReason, Piece, Told } from '../translate/piece';
import { UnusableAnswer } from '../provider-failure';
import { count, noCounts, totals } from './usage';

/** A stream of Messages events, piece by piece. A stream without `message_stop` was cut, however it ended. */
export async function* piecesOf(
  events: AsyncIterable<Anthropic.RawMessageStreamEvent>,
  told: Told,
): AsyncGenerator<Piece> {
  const calls = new Calls();
  const counts = noCounts();
  let stopReason: Anthropic.StopReason | null = null;
  for await (const event of events) {
    if (event.type === 'message_start') {
      told.id = event.message.id;
      told.model = event.message.model;
      count(counts, event.message.usage);
      told.usage = totals(counts);
    } else if (event.type === 'message_delta') {
      stopReason = event.delta.stop_reason;
      count(counts, event.usage);
      told.usage = totals(counts);
    } else if (event.type === 'message_stop') {
      yield { kind: 'end', reason: FINISH[stopReason ?? 'end_turn'] ?? 'stop' };
      return;
    } else {
      const piece = calls.read(event) ?? textIn(event);
      if (piece) yield piece;
    }
  }
  throw new UnusableAnswer('Provider.BadResponse', 'truncated', 'the stream ended before the answer did');
}

const FINISH: Partial<Record<Anthropic.StopReason, FinishReason>> = {
  end_turn: 'stop',
  stop_sequence: 'stop',
  max_tokens: 'length',
  model_context_window_exceeded: 'length',
  tool_use: 'tool_calls',
  refusal: 'content_filter',
};

function textIn(event: Anthropic.RawMessageStreamEvent): Piece | undefined {
  if (event.type !== 'content_block_delta') return undefined;
  const { delta } = event;
  if (delta.type === 'text_delta' && delta.text !== '') return { kind: 'text', text: delta.text };
  if (delta.type === 'thinking_delta' && delta.thinking !== '') return { kind: 'reasoning', text: delta.thinking };
  return undefined;
}

/** Blocks that call a tool: they are counted among all blocks, and calls among themselves. */
class Calls {
  private readonly byBlock = new Map<number, { readonly index: number; hasArguments: boolean }>();

  read(event: Anthropic.RawMessageStreamEvent): Piece | undefined {
    if (event.type === 'content_block_start' && event.content_block.type === 'tool_use') {
      const index = this.byBlock.size;
      const { id, name } = event.content_block;
      this.byBlock.set(event.index, { index, hasArguments: false });
      return { kind: 'call', index, id, name };
    }
    if (event.type !== 'content_block_delta' && event.type !== 'content_block_stop') return undefined;
    const call = this.byBlock.get(event.index);
    if (!call) return undefined;
    // A tool that takes nothing is called without a word, where OpenAI says `{}`.
    if (event.type === 'content_block_stop') {
      return call.hasArguments ? undefined : { kind: 'arguments', index: call.index, text: '{}' };
    }
    if (event.delta.type !== 'input_json_delta' || event.delta.partial_json === '') return undefined;
    call.hasArguments = true;
    return { kind: 'arguments', index: call.index, text: event.delta.partial_json };
  }
}
