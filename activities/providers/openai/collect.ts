import type OpenAI from 'openai';
import type { Completion, CompletionRequest } from '../model-provider';
import { UnusableAnswer } from '../provider-failure';
import { accountOf } from './account';

type Chunk = OpenAI.ChatCompletionChunk;

/** The whole answer of a stream of chat completion chunks. A stream without a finish reason was cut, however it ended. */
export async function collect(chunks: AsyncIterable<Chunk>, request: CompletionRequest): Promise<Completion> {
  let model = request.model;
  let text = '';
  let refusal = '';
  let finish: string | undefined;
  let usage: OpenAI.CompletionUsage | undefined;
  for await (const chunk of chunks) {
    model = chunk.model || model;
    // Usage comes on a last chunk without choices, or on any other one.
    usage = chunk.usage ?? usage;
    // Other servers leave out what OpenAI always sends.
    const choice: Partial<OpenAI.ChatCompletionChunk.Choice> | undefined = chunk.choices?.[0];
    text += choice?.delta?.content ?? '';
    refusal += choice?.delta?.refusal ?? '';
    finish = choice?.finish_reason ?? finish;
    if (choice?.delta?.content) request.onProgress?.(text);
  }
  demandWhole(finish, text, refusal);
  return { text, model, usage: { input: 0, output: 0 }, ...accountOf(usage) };
}

function demandWhole(finish: string | undefined, text: string, refusal: string): void {
  if (refusal !== '') throw new UnusableAnswer('Provider.Policy', 'refusal', `the model declined: ${refusal}`);
  if (finish === 'content_filter') {
    throw new UnusableAnswer('Provider.Policy', 'content_filter', 'the provider filtered the answer');
  }
  if (finish === 'length') {
    throw new UnusableAnswer('Provider.Request', 'length', 'the answer was cut at the output limit of the model');
  }
  if (finish === undefined) {
    throw new UnusableAnswer('Provider.BadResponse', 'truncated', 'the stream ended before the answer did');
  }
  if (finish === 'error') throw new UnusableAnswer('Provider.BadResponse', 'error', 'the provider ended with an error');
  if (text.trim() === '') throw new UnusableAnswer('Provider.BadResponse', 'empty', 'the answer is empty');
}
