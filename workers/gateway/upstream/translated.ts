import { randomBytes } from 'node:crypto';
import { verdictOf } from '../../../activities/providers/classify/rule';
import type { Completion, ModelProvider } from '../../../activities/providers/model-provider';
import { ProviderFailure } from '../../../activities/providers/provider-failure';
import { conversationOf } from './conversation';
import { Passage } from './passage';
import type { StreamPart, StreamedAnswer, Upstream, UpstreamCall, UpstreamRequest, WholeAnswer } from './upstream';

/** Bytes of an answer for a token: only for what is cut. */
const BYTES_PER_TOKEN = 4;

/** A provider that does not speak OpenAI's protocol: plain conversations are translated, more than that is refused. */
export function createTranslatedUpstream(provider: ModelProvider): Upstream {
  const { name } = provider;
  const ask = (
    request: UpstreamRequest,
    call: UpstreamCall,
    onProgress?: (text: string) => void,
  ): Promise<Completion> => {
    const { model, timeouts, signal } = call;
    const conversation = conversationOf({ provider: name, model }, request);
    return provider.complete({ model, timeouts, ...conversation, ...(onProgress && { onProgress }) }, signal);
  };
  return {
    provider: name,
    async complete(request, call) {
      return wholeOf(await ask(request, call));
    },
    stream(request, call) {
      const passage = new Passage<string>();
      // A failure is thrown by whoever reads the parts.
      const asking = ask(request, call, (text) => passage.put(text)).finally(() => passage.end());
      asking.catch(() => undefined);
      return Promise.resolve(streamOf(call, request, passage, asking));
    },
    embed: (_request, { model }) => Promise.reject(noEmbeddings(name, model)),
    close: () => Promise.resolve(),
  };
}

function streamOf(
  { model }: UpstreamCall,
  { wantsUsage }: UpstreamRequest,
  passage: Passage<string>,
  asking: Promise<Completion>,
): StreamedAnswer {
  const id = newId();
  const created = seconds();
  let sent = '';
  let completion: Completion | undefined;
  const chunk = (fields: object, answered = model): Buffer =>
    Buffer.from(
      `data: ${JSON.stringify({ id, object: 'chat.completion.chunk', created, model: answered, ...fields })}\n\n`,
    );
  const choice = (delta: object, finish: string | null = null): object => ({
    choices: [{ index: 0, delta, finish_reason: finish }],
  });
  return {
    parts: parts(),
    account: () => ({
      ...{ id, model: completion?.model ?? model, received: Math.ceil(Buffer.byteLength(sent) / BYTES_PER_TOKEN) },
      ...(completion && { usage: completion.usage }),
      ...(completion?.costUsd !== undefined && { costUsd: completion.costUsd }),
    }),
  };

  async function* parts(): AsyncGenerator<StreamPart> {
    yield { bytes: chunk(choice({ role: 'assistant', content: '' })), commits: false };
    for await (const text of passage) {
      const content = text.slice(sent.length);
      sent = text;
      if (content !== '') yield { bytes: chunk(choice({ content })), commits: true };
    }
    completion = await asking;
    const rest = completion.text.slice(sent.length);
    sent = completion.text;
    const last = chunk(choice(rest === '' ? {} : { content: rest }, 'stop'), completion.model);
    const usage = wantsUsage ? chunk({ choices: [], usage: usageOf(completion) }, completion.model) : Buffer.alloc(0);
    yield { bytes: Buffer.concat([last, usage]), commits: true };
  }
}

function wholeOf(completion: Completion): WholeAnswer {
  const { model, text, usage, costUsd } = completion;
  const message = { role: 'assistant', content: text, refusal: null };
  const answer = {
    ...{ id: newId(), object: 'chat.completion', created: seconds(), model },
    choices: [{ index: 0, message, finish_reason: 'stop', logprobs: null }],
    usage: usageOf(completion),
  };
  return { bytes: Buffer.from(JSON.stringify(answer)), model, usage, ...(costUsd !== undefined && { costUsd }) };
}

function usageOf({ usage: { input, output, cacheRead } }: Completion): object {
  return {
    ...{ prompt_tokens: input, completion_tokens: output, total_tokens: input + output },
    ...(cacheRead !== undefined && { prompt_tokens_details: { cached_tokens: cacheRead } }),
  };
}

function newId(): string {
  return `chatcmpl-${randomBytes(12).toString('hex')}`;
}

/** Times of OpenAI's API are seconds. */
function seconds(): number {
  return Math.floor(Date.now() / 1000);
}

function noEmbeddings(provider: string, model: string): ProviderFailure {
  const facts = { message: 'It has no embeddings.', status: 400, code: 'unsupported', headers: {}, causes: [] };
  return new ProviderFailure(provider, model, { ...verdictOf('Provider.Request'), failover: true }, facts);
}
