import type { ChatRequest, Message, Options, Tool } from 'ollama';
import {
  dataIn,
  longestAnswer,
  textOf,
  unsupported,
  type AskedChat,
  type AskedMessage,
  type AskedTool,
} from '../translate/read-chat';
import { contextFor, type Extent } from './context';

export type StreamedChat = ChatRequest & { stream: true };

/** A chat completion as a request to `/api/chat`, and what its prompt takes up. Fails: UnusableAnswer. */
export function toChat(asked: AskedChat, maxContext: number): { readonly chat: StreamedChat; readonly extent: Extent } {
  const messages = messagesOf(asked.messages);
  const tools = asked.tool_choice === 'none' ? [] : toolsOf(asked.tools ?? []);
  const answer = longestAnswer(asked);
  const extent = extentOf(messages, tools, answer);
  const chat: StreamedChat = {
    model: asked.model,
    messages,
    stream: true,
    ...(tools.length === 0 ? {} : { tools }),
    ...formatOf(asked),
    ...NEVER_CUT,
    options: { num_ctx: contextFor(extent, maxContext), ...optionsOf(asked, answer) },
  };
  return { chat, extent };
}

/** What does not fit is an error: neither the prompt nor the answer so far shall lose its beginning. */
const NEVER_CUT = { truncate: false, shift: false };

function extentOf(messages: readonly Message[], tools: readonly Tool[], answer: number | undefined): Extent {
  // Pictures are counted, not weighed: their bytes are no words.
  const words = messages.map(({ images: _, ...message }) => JSON.stringify(message).length);
  const beyondLatin = messages.map(({ content }) => Buffer.byteLength(content) - content.length);
  const told = tools.length === 0 ? 0 : Buffer.byteLength(JSON.stringify(tools));
  return {
    bytes: [...words, ...beyondLatin].reduce((sum, each) => sum + each, told),
    images: messages.reduce((sum, { images }) => sum + (images?.length ?? 0), 0),
    answer,
  };
}

function messagesOf(messages: readonly AskedMessage[]): Message[] {
  // A result names its call, and Ollama wants to know the tool.
  const names = new Map<string, string>();
  return messages.map((message) => {
    const content = textOf(message.content);
    switch (message.role) {
      case 'system':
      case 'developer':
        return { role: 'system', content };
      case 'user': {
        const images = imagesOf(message);
        return { role: 'user', content, ...(images.length === 0 ? {} : { images }) };
      }
      case 'tool': {
        const name = names.get(message.tool_call_id);
        return { role: 'tool', content, ...(name === undefined ? {} : { tool_name: name }) };
      }
      case 'assistant': {
        const calls = message.tool_calls ?? [];
        calls.forEach(({ id, function: { name } }) => names.set(id, name));
        const called = calls.map(({ function: { name, arguments: text } }) => {
          return { function: { name, arguments: argumentsIn(text) } };
        });
        return { role: 'assistant', content, ...(called.length === 0 ? {} : { tool_calls: called }) };
      }
    }
  });
}

function imagesOf({ content }: AskedMessage): string[] {
  return content.flatMap((part) => {
    if (part.type === 'file') throw unsupported('a file within the request');
    if (part.type !== 'image_url') return [];
    const held = dataIn(part.image_url.url);
    if (!held) throw unsupported('an image that is not within the request: Ollama does not fetch it');
    return [held.data];
  });
}

function argumentsIn(text: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = text.trim() === '' ? {} : JSON.parse(text);
  } catch {
    value = undefined;
  }
  if (typeof value === 'object' && value !== null) return { ...value };
  throw unsupported('arguments of a tool call that are no JSON object');
}

/** Its types know less of JSON Schema than Ollama does. */
function toolsOf(tools: readonly AskedTool[]): Tool[] {
  return tools.map(({ type, function: { name, description, parameters } }) => ({
    type,
    function: {
      name,
      ...(description === undefined ? {} : { description }),
      parameters: parameters ?? { type: 'object', properties: {} },
    },
  }));
}

function formatOf({ response_format: format }: AskedChat): Pick<ChatRequest, 'format'> {
  if (format?.type === 'json_object') return { format: 'json' };
  return format?.type === 'json_schema' ? { format: format.json_schema.schema } : {};
}

function optionsOf(asked: AskedChat, answer: number | undefined): Partial<Options> {
  const { temperature, top_p, seed, stop, frequency_penalty, presence_penalty } = asked;
  const given = { num_predict: answer, temperature, top_p, seed, frequency_penalty, presence_penalty };
  return {
    ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined && value !== null)),
    ...(stop.length === 0 ? {} : { stop }),
  };
}
