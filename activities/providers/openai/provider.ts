import OpenAI from 'openai';
import { classifyAnythingLlm, classifyOpenAi } from '../classify/openai';
import { exchange, type Exchange, type ExchangeOf } from '../exchange';
import { holdsStrictly, requiresEveryKey } from '../hold-to-schema';
import type { Completion, CompletionRequest, ModelProvider } from '../model-provider';
import type { OpenAiSettings } from '../settings';
import { createOpenAiChat } from './chat';
import { collect } from './collect';

/** The chat completions protocol through OpenAI's SDK: OpenAI itself, and every server that speaks as it does. */
export function createOpenAiProvider(settings: OpenAiSettings): ModelProvider {
  const of: ExchangeOf = {
    provider: settings.name,
    classify: settings.vendor === 'anythingllm' ? classifyAnythingLlm : classifyOpenAi,
    refuses: /text\/html|application\/json/,
    secret: settings.apiKey,
  };
  return {
    name: settings.name,
    complete: (request, signal) =>
      exchange(of, request, signal, (wire) => converse(clientOf(settings, request, wire), settings, request, wire)),
    ...createOpenAiChat(settings, of),
  };
}

async function converse(
  client: OpenAI,
  settings: OpenAiSettings,
  request: CompletionRequest,
  wire: Exchange,
): Promise<Completion> {
  const { model, system, messages } = request;
  const stream = await client.chat.completions.create(
    {
      model,
      messages: [...(system ? [{ role: 'system' as const, content: system }] : []), ...messages],
      stream: true,
      stream_options: { include_usage: true },
      ...limitOf(settings, request),
      ...(settings.structuredOutput ? responseFormat(request) : {}),
    },
    { signal: wire.signal },
  );
  const requestId = wire.requestId();
  return { ...(await collect(wire.events(stream), request)), ...(requestId ? { requestId } : {}) };
}

/** OpenAI's newer models refuse the old word, and other servers do not know the new one. */
function limitOf(
  { vendor }: OpenAiSettings,
  { maxOutputTokens }: CompletionRequest,
): Partial<OpenAI.ChatCompletionCreateParamsStreaming> {
  if (maxOutputTokens === undefined) return {};
  return vendor === 'openai' ? { max_completion_tokens: maxOutputTokens } : { max_tokens: maxOutputTokens };
}

function responseFormat({ schema }: CompletionRequest): Partial<OpenAI.ChatCompletionCreateParamsStreaming> {
  if (!schema || schema['type'] !== 'object') return {};
  const strict = holdsStrictly(schema) && requiresEveryKey(schema);
  return { response_format: { type: 'json_schema', json_schema: { name: 'answer', schema, strict } } };
}

/** A client for one call. What the SDK would take from the process environment is set, to nothing if need be. */
function clientOf(settings: OpenAiSettings, request: CompletionRequest, wire: Exchange): OpenAI {
  return new OpenAI({
    // Servers at home need no key, but the SDK does.
    apiKey: settings.apiKey ?? 'none',
    adminAPIKey: null,
    organization: settings.organization ?? null,
    project: settings.project ?? null,
    webhookSecret: null,
    baseURL: settings.baseUrl,
    maxRetries: 0,
    timeout: request.timeouts.totalMs,
    fetch: wire.fetch,
    logLevel: 'off',
  });
}
