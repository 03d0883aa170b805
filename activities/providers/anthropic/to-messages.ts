import type Anthropic from '@anthropic-ai/sdk';
import {
  dataIn,
  longestAnswer,
  textOf,
  unsupported,
  type AskedChat,
  type AskedMessage,
  type AskedPart,
} from '../translate/read-chat';
import { holdsStrictly } from '../hold-to-schema';

type Block = Anthropic.ContentBlockParam;

/** A chat completion as a request for a message that streams. Fails: UnusableAnswer. */
export function toMessages(asked: AskedChat, maxTokens: number): Anthropic.MessageCreateParamsStreaming {
  const { model, temperature, top_p: topP, stop } = asked;
  const said = asked.messages.filter(({ role }) => role === 'system' || role === 'developer');
  const { held, words } = formatOf(asked);
  const system = [...said.map(({ content }) => textOf(content)), words].filter((text) => text !== '').join('\n\n');
  // A stop that is nothing but space is refused there.
  const stops = stop.filter((one) => one.trim() !== '');
  return {
    model,
    max_tokens: Math.min(maxTokens, longestAnswer(asked) ?? Infinity),
    messages: turnsOf(asked.messages),
    stream: true,
    ...(system === '' ? {} : { system }),
    ...held,
    ...(stops.length === 0 ? {} : { stop_sequences: stops }),
    // Either, but not both; and no more than 1, where OpenAI has 2.
    ...(temperature == null ? (topP == null ? {} : { top_p: topP }) : { temperature: Math.min(1, temperature) }),
    ...toolsOf(asked),
  };
}

/** Models from before structured outputs: they are asked in words. */
export const PLAIN_ONLY = /^claude-(instant|v?[123]|(opus|sonnet)-4($|-0|-1(?!\d)|-2\d{7}))/;

function formatOf({ model, response_format: format }: AskedChat): {
  readonly held: Pick<Anthropic.MessageCreateParamsStreaming, 'output_config'>;
  readonly words: string;
} {
  if (format?.type === 'json_object') return { held: {}, words: 'Answer with one JSON object and nothing else.' };
  if (format?.type !== 'json_schema') return { held: {}, words: '' };
  const { schema } = format.json_schema;
  if (holdsStrictly(schema) && !PLAIN_ONLY.test(model)) {
    return { held: { output_config: { format: { type: 'json_schema', schema } } }, words: '' };
  }
  const words = `Answer with JSON and nothing else. It has to match this JSON Schema: ${JSON.stringify(schema)}`;
  return { held: {}, words };
}

/** Turns of one side that follow each other are one: the results of several tools belong together. */
function turnsOf(messages: readonly AskedMessage[]): Anthropic.MessageParam[] {
  const turns: { role: 'user' | 'assistant'; content: Block[] }[] = [];
  for (const message of messages) {
    if (message.role === 'system' || message.role === 'developer') continue;
    const role = message.role === 'assistant' ? 'assistant' : 'user';
    const blocks = blocksOf(message);
    const last = turns.at(-1);
    if (last?.role === role) last.content.push(...blocks);
    else if (blocks.length > 0) turns.push({ role, content: [...blocks] });
  }
  return turns;
}

function blocksOf(message: Exclude<AskedMessage, { role: 'system' | 'developer' }>): Block[] {
  switch (message.role) {
    case 'user':
      return message.content.flatMap(blockOf);
    case 'assistant':
      return [
        ...message.content.flatMap(blockOf),
        ...(message.tool_calls ?? []).map(({ id, function: { name, arguments: text } }) => ({
          ...{ type: 'tool_use' as const, id, name },
          input: argumentsIn(text),
        })),
      ];
    case 'tool':
      return [
        { type: 'tool_result', tool_use_id: message.tool_call_id, content: message.content.flatMap(resultBlockOf) },
      ];
  }
}

/** Texts without a word are refused there, and left out. */
function blockOf(part: AskedPart): Block[] {
  switch (part.type) {
    case 'text':
      return part.text.trim() === '' ? [] : [{ type: 'text', text: part.text }];
    case 'refusal':
      return [{ type: 'text', text: part.refusal }];
    case 'image_url':
      return [imageOf(part.image_url.url)];
    case 'file': {
      const { mediaType = '', data = '' } = dataIn(part.file.file_data) ?? {};
      if (mediaType !== 'application/pdf') throw unsupported('a file that is no PDF within the request');
      return [{ type: 'document', source: { type: 'base64', media_type: mediaType, data } }];
    }
  }
}

function resultBlockOf(part: AskedPart): (Anthropic.TextBlockParam | Anthropic.ImageBlockParam)[] {
  if (part.type === 'image_url') return [imageOf(part.image_url.url)];
  const text = textOf([part]);
  return text === '' ? [] : [{ type: 'text', text }];
}

function imageOf(url: string): Anthropic.ImageBlockParam {
  const held = dataIn(url);
  if (!held) return { type: 'image', source: { type: 'url', url } };
  const { mediaType, data } = held;
  if (!isImage(mediaType)) throw unsupported(`an image of the type ${mediaType}`);
  return { type: 'image', source: { type: 'base64', media_type: mediaType, data } };
}

type ImageType = Anthropic.Base64ImageSource['media_type'];
const IMAGES: readonly ImageType[] = ['image/jpeg', 'image/png', 'image/gif', 'image/webp'];

function isImage(type: string): type is ImageType {
  return IMAGES.some((one) => one === type);
}

function argumentsIn(text: string): unknown {
  try {
    return text.trim() === '' ? {} : JSON.parse(text);
  } catch {
    throw unsupported('arguments of a tool call that are no JSON');
  }
}

function toolsOf(asked: AskedChat): Pick<Anthropic.MessageCreateParamsStreaming, 'tools' | 'tool_choice'> {
  const { tools, tool_choice: choice, parallel_tool_calls: parallel } = asked;
  if (!tools || tools.length === 0) return {};
  const alone = parallel === false && choice !== 'none' ? { disable_parallel_tool_use: true } : {};
  const chosen = choiceOf(choice ?? 'auto');
  return {
    tools: tools.map(({ function: { name, description, parameters } }) => ({
      name,
      ...(description === undefined ? {} : { description }),
      input_schema: { ...parameters, type: 'object' as const },
    })),
    ...(choice == null && parallel !== false ? {} : { tool_choice: { ...chosen, ...alone } }),
  };
}

function choiceOf(choice: NonNullable<AskedChat['tool_choice']>): Anthropic.ToolChoice {
  if (choice === 'auto' || choice === 'none') return { type: choice };
  return choice === 'required' ? { type: 'any' } : { type: 'tool', name: choice.function.name };
}
