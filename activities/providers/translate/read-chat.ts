import { z } from 'zod';
import { UNSUPPORTED } from '../classify/rule';
import type { WireRequest } from '../model-provider';
import { UnusableAnswer } from '../provider-failure';

// A chat completion in OpenAI's words, read by those who have to say it in others. What is not read here is left out.

const text = z.object({ type: z.literal('text'), text: z.string() });
const refusal = z.object({ type: z.literal('refusal'), refusal: z.string() });
const image = z.object({
  type: z.literal('image_url'),
  image_url: z.union([z.string().transform((url) => ({ url })), z.object({ url: z.string() })]),
});
const file = z.object({
  type: z.literal('file'),
  file: z.object({ file_data: z.string(), filename: z.string().optional() }),
});
const part = z.discriminatedUnion('type', [text, refusal, image, file]);
const content = z
  .union([z.string(), z.array(part)])
  .nullish()
  .transform((given) => (typeof given === 'string' ? [{ type: 'text' as const, text: given }] : (given ?? [])));

const call = z.object({
  id: z.string(),
  type: z.literal('function').default('function'),
  function: z.object({ name: z.string(), arguments: z.string() }),
});

const message = z.discriminatedUnion('role', [
  z.object({ role: z.literal('system'), content }),
  z.object({ role: z.literal('developer'), content }),
  z.object({ role: z.literal('user'), content }),
  z.object({ role: z.literal('assistant'), content, tool_calls: z.array(call).nullish() }),
  z.object({ role: z.literal('tool'), content, tool_call_id: z.string() }),
]);

const jsonObject = z.record(z.string(), z.json());

const tool = z.object({
  type: z.literal('function'),
  function: z.object({
    name: z.string(),
    description: z.string().optional(),
    parameters: jsonObject.optional(),
    strict: z.boolean().nullish(),
  }),
});

const toolChoice = z.union([
  z.literal(['auto', 'none', 'required']),
  z.object({ type: z.literal('function'), function: z.object({ name: z.string() }) }),
]);

const format = z.discriminatedUnion('type', [
  z.object({ type: z.literal('text') }),
  z.object({ type: z.literal('json_object') }),
  z.object({ type: z.literal('json_schema'), json_schema: z.object({ schema: jsonObject }) }),
]);

const chat = z.object({
  model: z.string(),
  messages: z.array(message).min(1),
  tools: z.array(tool).nullish(),
  tool_choice: toolChoice.nullish(),
  parallel_tool_calls: z.boolean().nullish(),
  response_format: format.nullish(),
  max_tokens: z.int().positive().nullish(),
  max_completion_tokens: z.int().positive().nullish(),
  temperature: z.number().nullish(),
  top_p: z.number().nullish(),
  frequency_penalty: z.number().nullish(),
  presence_penalty: z.number().nullish(),
  seed: z.int().nullish(),
  stop: z
    .union([z.string().transform((one) => [one]), z.array(z.string())])
    .nullish()
    .transform((given) => given ?? []),
  // One answer, of text: more than that is refused and not forgotten.
  n: z.literal(1, 'more than one answer to a request').nullish(),
  modalities: z.array(z.literal('text', 'answers that are not text')).nullish(),
  functions: z.array(z.never('`functions`; say `tools`')).nullish(),
});

export type AskedChat = z.output<typeof chat>;
export type AskedMessage = AskedChat['messages'][number];
export type AskedPart = z.output<typeof part>;
export type AskedTool = z.output<typeof tool>;

/** Read a body. Fails: UnusableAnswer where it holds what cannot be said otherwise; nobody is asked then. */
export function readChat(body: WireRequest['body']): AskedChat {
  const read = chat.safeParse(body);
  if (read.success) return read.data;
  const [issue] = read.error.issues;
  const where = issue?.path.map(String).join('.') ?? '';
  throw unsupported(`\`${where}\`: ${issue?.message ?? 'it cannot be read'}`);
}

/** Something that this provider has no words for. */
export function unsupported(what: string): UnusableAnswer {
  return new UnusableAnswer('Provider.Request', UNSUPPORTED.code, `this provider cannot be asked so: ${what}`);
}

/** The words of a message, without anything else that is in it. */
export function textOf(parts: readonly AskedPart[]): string {
  return parts
    .map((one) => (one.type === 'text' ? one.text : one.type === 'refusal' ? one.refusal : ''))
    .filter((one) => one !== '')
    .join('\n\n');
}

const DATA_URL = /^data:([\w.+-]+\/[\w.+-]+);base64,(.*)$/s;

/** What a `data:` address holds; undefined: it is another address. */
export function dataIn(url: string): { readonly mediaType: string; readonly data: string } | undefined {
  const [, mediaType, data] = DATA_URL.exec(url) ?? [];
  return mediaType === undefined || data === undefined ? undefined : { mediaType: mediaType.toLowerCase(), data };
}

/** The longest answer asked for, tokens, in either word. */
export function longestAnswer(asked: AskedChat): number | undefined {
  return asked.max_completion_tokens ?? asked.max_tokens ?? undefined;
}
