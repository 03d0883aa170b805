import { Ollama } from 'ollama';
import { classifyOllama } from '../classify/ollama';
import { TOO_LONG } from '../classify/rule';
import { exchange, type Exchange } from '../exchange';
import type { CompletionRequest, ModelProvider } from '../model-provider';
import { UnusableAnswer } from '../provider-failure';
import type { OllamaSettings } from '../settings';
import { collect } from './collect';
import { wholeLines } from './whole-lines';

/** Ollama's native protocol: the compatible one ignores the context length and cuts long prompts without a word. */
export function createOllamaProvider(settings: OllamaSettings): ModelProvider {
  const of = { provider: settings.name, classify: classifyOllama, refuses: /text\/html|application\/json/ };
  return {
    name: settings.name,
    complete: (request, signal) =>
      exchange(of, request, signal, async (wire) => {
        const stream = await clientOf(settings, wire).chat({ ...chatOf(settings, request), stream: true });
        return collect(wire.events(stream), request);
      }),
  };
}

function chatOf(settings: OllamaSettings, { model, system, messages, schema, maxOutputTokens }: CompletionRequest) {
  const all = [...(system ? [{ role: 'system', content: system }] : []), ...messages];
  const characters = all.reduce((sum, { content }) => sum + content.length, 0);
  return {
    model,
    messages: all,
    options: {
      num_ctx: contextFor(characters, settings.maxContext),
      ...(maxOutputTokens === undefined ? {} : { num_predict: maxOutputTokens }),
    },
    ...(schema ? { format: schema } : {}),
  };
}

const ANSWER_TOKENS = 4_096;

/**
 * Tokens of context to ask for: a power of two with room for the prompt (three characters a token at worst) and an
 * answer. A prompt that does not fit is refused here, because Ollama would drop its beginning silently.
 */
function contextFor(characters: number, maxContext: number): number {
  const needed = Math.ceil(characters / 3) + ANSWER_TOKENS;
  if (needed > maxContext) {
    throw new UnusableAnswer(
      'Provider.Request',
      TOO_LONG.code,
      `the prompt needs about ${needed} tokens of context and this Ollama is used with ${maxContext} at most`,
    );
  }
  return Math.min(maxContext, 2 ** Math.ceil(Math.log2(Math.max(needed, 8_192))));
}

function clientOf(settings: OllamaSettings, wire: Exchange): Ollama {
  return new Ollama({
    host: settings.baseUrl,
    fetch: async (url, init) => wholeLines(await wire.fetch(url, init)),
  });
}
