import { verdictOf } from '../../../activities/providers/classify/rule';
import type { Message } from '../../../activities/providers/model-provider';
import { ProviderFailure } from '../../../activities/providers/provider-failure';
import { isObject } from '../json';
import type { UpstreamRequest } from './upstream';

/** What every provider can be asked, whatever it speaks. */
export interface Conversation {
  readonly system?: string;
  readonly messages: readonly Message[];
  readonly maxOutputTokens?: number;
}

/** Fields that change nothing but how an answer is sent, or who is said to ask. */
const WITHOUT_EFFECT = ['model', 'messages', 'stream', 'stream_options', 'user', 'metadata', 'store', 'n'];
const LENGTHS = ['max_completion_tokens', 'max_tokens'];

/**
 * A chat completion as a plain conversation. Fails: ProviderFailure where it holds more than that, so that nothing a
 * client asks for is left out unseen; somebody who speaks OpenAI's protocol may answer it.
 */
export function conversationOf(
  at: { readonly provider: string; readonly model: string },
  request: UpstreamRequest,
): Conversation {
  const { body, choices } = request;
  const others = Object.keys(body).filter(
    (name) => body[name] !== null && ![...WITHOUT_EFFECT, ...LENGTHS].includes(name),
  );
  if (others.length > 0) throw cannot(at, `It takes no ${others.join(', ')}.`);
  if (choices > 1) throw cannot(at, 'It gives one answer at a time.');
  const given = Array.isArray(body['messages']) ? body['messages'].filter(isObject) : [];
  const system = given.filter(isSystem).map((message) => textOf(at, message));
  const maxOutputTokens = LENGTHS.map((name) => body[name]).find((value) => typeof value === 'number');
  return {
    messages: given.filter((message) => !isSystem(message)).map((message) => messageOf(at, message)),
    ...(system.length > 0 && { system: system.join('\n\n') }),
    ...(maxOutputTokens !== undefined && { maxOutputTokens }),
  };
}

type Given = Readonly<Record<string, unknown>>;
type At = Parameters<typeof conversationOf>[0];

function isSystem({ role }: Given): boolean {
  return role === 'system' || role === 'developer';
}

function messageOf(at: At, message: Given): Message {
  const { role, tool_calls: calls } = message;
  if ((role !== 'user' && role !== 'assistant') || (Array.isArray(calls) && calls.length > 0)) {
    throw cannot(at, 'It takes no messages of tools.');
  }
  return { role, content: textOf(at, message) };
}

function textOf(at: At, { content }: Given): string {
  if (typeof content === 'string') return content;
  const parts = Array.isArray(content) ? content.filter(isObject) : [];
  return parts
    .map(({ type, text }) => {
      if (type === 'text' && typeof text === 'string') return text;
      throw cannot(at, 'It takes only text.');
    })
    .join('');
}

function cannot({ provider, model }: At, message: string): ProviderFailure {
  const facts = { message, status: 400, code: 'unsupported', headers: {}, causes: [] };
  return new ProviderFailure(provider, model, { ...verdictOf('Provider.Request'), failover: true }, facts);
}
