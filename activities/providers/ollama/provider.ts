import { Ollama } from 'ollama';
import { translatedChat } from '../chat/translated-chat';
import { classifyOllama } from '../classify/ollama';
import { exchange, type Exchange, type ExchangeOf } from '../exchange';
import type { Completion, CompletionRequest, ModelProvider } from '../model-provider';
import type { OllamaSettings } from '../settings';
import { collect } from './collect';
import { contextFor, demandWholePrompt } from './context';
import { embeddingsOf, readEmbedding } from './embed';
import { piecesOf } from './pieces';
import { extentOf, NEVER_CUT, toChat } from './to-chat';
import { wholeLines } from './whole-lines';

/** Ollama's native protocol: the compatible one ignores the context length and cuts long prompts without a word. */
export function createOllamaProvider(settings: OllamaSettings): ModelProvider {
  const { name: provider, maxContext } = settings;
  const of: ExchangeOf = {
    provider,
    classify: classifyOllama,
    refuses: /text\/html|application\/json/,
    secret: undefined,
  };
  return {
    name: provider,
    complete: (request, signal) => exchange(of, request, signal, (wire) => converse(settings, request, wire)),
    chat: translatedChat(of, async (asked, wire, told) => {
      const { chat, extent } = toChat(asked, maxContext);
      const stream = await clientOf(settings, wire).chat(chat);
      return piecesOf(wire.events(stream), told, ({ prompt_eval_count: read }) => {
        demandWholePrompt(extent, chat.options?.num_ctx ?? maxContext, read);
      });
    }),
    embed: (body, { timeouts, signal }) => {
      const { model } = body;
      // There is one event, and it is all of the answer.
      const asked = { model, timeouts: { ...timeouts, firstEventMs: timeouts.totalMs } };
      return exchange({ ...of, refuses: /text\/html/ }, asked, signal, async (wire) => {
        const read = readEmbedding(body);
        const dimensions = read.dimensions == null ? {} : { dimensions: read.dimensions };
        const request = { model, input: read.input, truncate: false, ...dimensions };
        return embeddingsOf(read, await clientOf(settings, wire).embed(request));
      });
    },
  };
}

async function converse(settings: OllamaSettings, request: CompletionRequest, wire: Exchange): Promise<Completion> {
  const { model, system, schema, maxOutputTokens } = request;
  const messages = [...(system ? [{ role: 'system', content: system }] : []), ...request.messages];
  const extent = extentOf(messages, [], maxOutputTokens);
  const context = contextFor(extent, settings.maxContext);
  const chat = {
    ...{ model, messages, stream: true as const },
    ...NEVER_CUT,
    options: { num_ctx: context, ...(maxOutputTokens === undefined ? {} : { num_predict: maxOutputTokens }) },
    ...(schema ? { format: schema } : {}),
  };
  const completion = await collect(wire.events(await clientOf(settings, wire).chat(chat)), request);
  demandWholePrompt(extent, context, completion.usage.input);
  return completion;
}

function clientOf(settings: OllamaSettings, wire: Exchange): Ollama {
  return new Ollama({
    host: settings.baseUrl,
    fetch: async (url, init) => wholeLines(await wire.fetch(url, init)),
  });
}
