import type { ModelBody } from '../model-provider';
import type { OpenAiSettings } from '../settings';
import { isObject } from './account';

/** The body of a chat completion as this server wants it. A stream is always asked to tell its usage. */
export function chatBody(settings: OpenAiSettings, body: ModelBody, stream: boolean): object {
  const { stream: _, stream_options: options, ...rest } = body;
  return {
    ...withLimit(settings, rest),
    stream,
    ...(stream ? { stream_options: { ...(isObject(options) ? options : {}), include_usage: true } } : {}),
  };
}

/** OpenAI's newer models refuse the old word, and other servers do not know the new one. */
function withLimit({ vendor }: OpenAiSettings, body: Readonly<Record<string, unknown>>): object {
  const { max_tokens: old, max_completion_tokens: current, ...rest } = body;
  const limit = current ?? old;
  if (limit === undefined || limit === null) return rest;
  return vendor === 'openai' ? { ...rest, max_completion_tokens: limit } : { ...rest, max_tokens: limit };
}

/** AnythingLLM has a word of its own for what is to be embedded. */
export function embeddingBody({ vendor }: OpenAiSettings, body: ModelBody): object {
  const { input } = body;
  return vendor === 'anythingllm' ? { ...body, inputs: Array.isArray(input) ? input : [input] } : body;
}

export function urlOf({ baseUrl }: OpenAiSettings, path: string): string {
  return baseUrl.replace(/\/+$/, '') + path;
}

export function headersOf({ apiKey, organization, project }: OpenAiSettings): Record<string, string> {
  return {
    'content-type': 'application/json',
    accept: 'application/json, text/event-stream',
    'accept-encoding': 'identity',
    'user-agent': 'gantry',
    ...(apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` }),
    ...(organization === undefined ? {} : { 'openai-organization': organization }),
    ...(project === undefined ? {} : { 'openai-project': project }),
  };
}
