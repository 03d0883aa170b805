import { Ollama } from 'ollama';
import { classifyOllama } from '../classify/ollama';
import type { WholeAnswer } from '../model-provider';
import type { Asked, Protocol } from '../protocol';
import type { OllamaSettings } from '../settings';
import { translated } from '../translate/translated';
import { NO_OBJECT, NO_STREAM, type Wire } from '../wire/wire';
import { demandWholePrompt } from './context';
import { embeddingsOf, readEmbedding } from './embed';
import { piecesOf } from './pieces';
import { toChat } from './to-chat';
import { wholeLines } from './whole-lines';

/** Ollama's native protocol: the compatible one ignores the context length and cuts long prompts without a word. */
export function ollamaProtocol(settings: OllamaSettings): Protocol {
  const { name, baseUrl, maxContext } = settings;
  const clientOf = (wire: Wire, refuses: RegExp): Ollama => {
    const fetch = wire.fetch(refuses);
    return new Ollama({ host: baseUrl, fetch: async (url, init) => wholeLines(await fetch(url, init)) });
  };
  return {
    ...{ name, secret: undefined, classify: classifyOllama },
    ...translated(async (asked, wire, told) => {
      const { chat, extent } = toChat(asked, maxContext);
      const stream = await clientOf(wire, NO_STREAM).chat(chat);
      return piecesOf(stream, told, ({ prompt_eval_count: read }) => {
        demandWholePrompt(extent, chat.options?.num_ctx ?? maxContext, read);
      });
    }),
    embed: (asked, wire) => embed(clientOf(wire, NO_OBJECT), asked, wire),
    formatFor: (schema) => ({ type: 'json_schema', json_schema: { name: 'answer', schema } }),
  };
}

async function embed(client: Ollama, { request: { body }, model }: Asked, wire: Wire): Promise<WholeAnswer> {
  const { input, dimensions, ...asked } = readEmbedding(body);
  const request = { model, input, truncate: false, ...(dimensions == null ? {} : { dimensions }) };
  const answer = embeddingsOf({ ...asked, input }, await client.embed(request));
  const bytes = Buffer.from(JSON.stringify(answer.body));
  return { ...answer, bytes, costUsd: undefined, requestId: wire.requestId() };
}
