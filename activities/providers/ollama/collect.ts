import type { ChatResponse } from 'ollama';
import type { Completion, CompletionRequest } from '../model-provider';
import { UnusableAnswer } from '../provider-failure';

/** The whole answer of a stream of Ollama's lines. The SDK itself fails where the last one is missing. */
export async function collect(parts: AsyncIterable<ChatResponse>, request: CompletionRequest): Promise<Completion> {
  let text = '';
  let last: ChatResponse | undefined;
  for await (const part of parts) {
    text += part.message?.content ?? '';
    last = part;
    request.onProgress?.(text);
  }
  if (last?.done_reason === 'length') {
    throw new UnusableAnswer('Provider.Request', 'length', 'the answer was cut at the context length of the model');
  }
  if (text.trim() === '') throw new UnusableAnswer('Provider.BadResponse', 'empty', 'the answer is empty');
  return {
    text,
    model: last?.model ?? request.model,
    usage: { input: last?.prompt_eval_count ?? 0, output: last?.eval_count ?? 0 },
  };
}
