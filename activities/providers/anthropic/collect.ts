import type Anthropic from '@anthropic-ai/sdk';
import type { Completion, CompletionRequest } from '../model-provider';
import { UnusableAnswer } from '../provider-failure';
import { count, noCounts, totals } from './usage';

type Event = Anthropic.RawMessageStreamEvent;

/** The whole answer of a stream of Messages events. A stream without `message_stop` was cut, however it ended. */
export async function collect(events: AsyncIterable<Event>, request: CompletionRequest): Promise<Completion> {
  let model = request.model;
  let text = '';
  let stopReason: string | null = null;
  let stopped = false;
  const usage = noCounts();
  for await (const event of events) {
    if (event.type === 'message_start') {
      model = event.message.model;
      count(usage, event.message.usage);
    } else if (event.type === 'content_block_delta' && event.delta.type === 'text_delta') {
      text += event.delta.text;
      request.onProgress?.(text);
    } else if (event.type === 'message_delta') {
      stopReason = event.delta.stop_reason;
      count(usage, event.usage);
    } else if (event.type === 'message_stop') {
      stopped = true;
    }
  }
  if (!stopped) throw new UnusableAnswer('Provider.BadResponse', 'truncated', 'the stream ended before the answer did');
  demandWhole(stopReason, text);
  return { text, model, usage: totals(usage) };
}

function demandWhole(stopReason: string | null, text: string): void {
  if (stopReason === 'refusal') throw new UnusableAnswer('Provider.Policy', 'refusal', 'the model declined to answer');
  if (stopReason === 'max_tokens' || stopReason === 'model_context_window_exceeded') {
    throw new UnusableAnswer(
      'Provider.Request',
      stopReason,
      `the answer was cut at a limit of the model (${stopReason})`,
    );
  }
  if (text.trim() === '') throw new UnusableAnswer('Provider.BadResponse', 'empty', 'the answer is empty');
}
