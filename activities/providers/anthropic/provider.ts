import Anthropic from '@anthropic-ai/sdk';
import { translatedChat } from '../chat/translated-chat';
import { classifyAnthropic } from '../classify/anthropic';
import { exchange, type Exchange, type ExchangeOf } from '../exchange';
import { holdsStrictly } from '../hold-to-schema';
import type { Completion, CompletionRequest, ModelProvider, Timeouts } from '../model-provider';
import { unsupported } from '../chat/read-chat';
import type { AnthropicSettings } from '../settings';
import { collect } from './collect';
import { piecesOf } from './pieces';
import { PLAIN_ONLY, toMessages } from './to-messages';

/** Anthropic's Messages API through its SDK. Every answer streams: a long one would outlast what waits in between. */
export function createAnthropicProvider(settings: AnthropicSettings): ModelProvider {
  const of: ExchangeOf = {
    provider: settings.name,
    classify: classifyAnthropic,
    refuses: /text\/html|application\/json/,
    secret: settings.apiKey,
  };
  return {
    name: settings.name,
    complete: (request, signal) =>
      exchange(of, request, signal, (wire) => {
        return converse(clientOf(settings, request.timeouts, wire), settings, request, wire);
      }),
    chat: translatedChat(of, async (asked, wire, told, { timeouts }) => {
      const params = toMessages(asked, settings.maxTokens);
      const stream = await clientOf(settings, timeouts, wire).messages.create(params, { signal: wire.signal });
      return piecesOf(wire.events(stream), told);
    }),
    embed: (body, { timeouts, signal }) =>
      exchange(of, { model: body.model, timeouts }, signal, () => Promise.reject(unsupported('it has no embeddings'))),
  };
}

async function converse(
  client: Anthropic,
  settings: AnthropicSettings,
  request: CompletionRequest,
  wire: Exchange,
): Promise<Completion> {
  const { model, system, messages, schema } = request;
  const held = schema && holdsStrictly(schema) && !PLAIN_ONLY.test(model);
  const stream = await client.messages.create(
    {
      model,
      max_tokens: Math.min(settings.maxTokens, request.maxOutputTokens ?? Infinity),
      messages: messages.map(({ role, content }) => ({ role, content })),
      stream: true,
      ...(system ? { system } : {}),
      ...(held ? { output_config: { format: { type: 'json_schema', schema } } } : {}),
    },
    { signal: wire.signal },
  );
  return { ...(await collect(wire.events(stream), request)), ...idOf(wire) };
}

/** A client for one call. What the SDK would take from the process environment is set, to nothing if need be. */
function clientOf(settings: AnthropicSettings, timeouts: Timeouts, wire: Exchange): Anthropic {
  return new Anthropic({
    // Proxies at home need no key, but the SDK does.
    apiKey: settings.apiKey ?? 'none',
    authToken: null,
    baseURL: settings.baseUrl,
    maxRetries: 0,
    timeout: timeouts.totalMs,
    fetch: wire.fetch,
    // The SDK's own spans would double those of the activity.
    openTelemetry: false,
    logLevel: 'off',
  });
}

function idOf(wire: Exchange): { requestId?: string } {
  const requestId = wire.requestId();
  return requestId ? { requestId } : {};
}
