import type Anthropic from '@anthropic-ai/sdk';
import type { Completion, CompletionRequest } from '../model-provider';
import { UnusableAnswer } from '../provider-failure';

type Event = Anthropic.RawMessageStreamEvent;

/** The whole answer of a stream of Messages events. A stream without `message_stop` was cut, however it ended. */
export async function collect(events: AsyncIterable<Event>, request: CompletionRequest): Promise<Completion> {
  let model = request.model;
  let text = '';
  let stopReason: string | null = null;
  let stopped = false;
  const usage: Counts = { input_tokens: 0, output_tokens: 0 };
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

interface Counts {
  input_tokens: number;
  output_tokens: number;
  cache_read_input_tokens?: number;
  cache_creation_input_tokens?: number;
}

/** Later counts replace earlier ones; a delta may repeat some and leave out others. */
function count(usage: Counts, seen: { [K in keyof Counts]?: number | null | undefined }): void {
  for (const key of [
    'input_tokens',
    'output_tokens',
    'cache_read_input_tokens',
    'cache_creation_input_tokens',
  ] as const) {
    const value = seen[key];
    if (typeof value === 'number') usage[key] = value;
  }
}

/** Anthropic counts cached tokens beside the input, everybody else within it. */
function totals(usage: Counts): Completion['usage'] {
  const cacheRead = usage.cache_read_input_tokens ?? 0;
  const cacheWrite = usage.cache_creation_input_tokens ?? 0;
  return { input: usage.input_tokens + cacheRead + cacheWrite, output: usage.output_tokens, cacheRead, cacheWrite };
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
