import Anthropic from '@anthropic-ai/sdk';
import { classifyAnthropic } from '../classify/anthropic';
import { exchange, type Exchange } from '../exchange';
import { holdsStrictly } from '../hold-to-schema';
import type { Completion, CompletionRequest, ModelProvider } from '../model-provider';
import type { AnthropicSettings } from '../settings';
import { collect } from './collect';

/** Anthropic's Messages API through its SDK. */
export function createAnthropicProvider(settings: AnthropicSettings): ModelProvider {
  const of = { provider: settings.name, classify: classifyAnthropic, refuses: /text\/html|application\/json/ };
  return {
    name: settings.name,
    complete: (request, signal) =>
      exchange(of, request, signal, (wire) => converse(clientOf(settings, request, wire), settings, request, wire)),
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

/** Models from before structured outputs: they are asked in words. */
const PLAIN_ONLY = /^claude-(instant|v?[123]|(opus|sonnet)-4($|-0|-1(?!\d)|-2\d{7}))/;

/** A client for one call. What the SDK would take from the process environment is set, to nothing if need be. */
function clientOf(settings: AnthropicSettings, request: CompletionRequest, wire: Exchange): Anthropic {
  return new Anthropic({
    // Proxies at home need no key, but the SDK does.
    apiKey: settings.apiKey ?? 'none',
    authToken: null,
    baseURL: settings.baseUrl,
    maxRetries: 0,
    timeout: request.timeouts.totalMs,
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
