import type { EmbedResponse } from 'ollama';
import { z } from 'zod';
import { unsupported } from '../translate/read-chat';
import type { WholeAnswer, WireRequest } from '../model-provider';
import { UnusableAnswer } from '../provider-failure';

const embedding = z.object({
  input: z.union([z.string(), z.array(z.string())], 'texts, and no tokens'),
  dimensions: z.int().positive().nullish(),
  encoding_format: z.literal(['float', 'base64']).nullish(),
});

export type AskedEmbedding = z.output<typeof embedding>;

/** Read a body. Fails: UnusableAnswer. */
export function readEmbedding(body: WireRequest['body']): AskedEmbedding {
  const read = embedding.safeParse(body);
  if (read.success) return read.data;
  const [issue] = read.error.issues;
  throw unsupported(`\`${issue?.path.join('.') ?? ''}\`: ${issue?.message ?? 'it cannot be read'}`);
}

/** OpenAI's list of them. Fails: UnusableAnswer where there is not one for each text. */
export function embeddingsOf(
  asked: AskedEmbedding,
  answer: EmbedResponse,
): Pick<WholeAnswer, 'body' | 'model' | 'usage'> {
  const { embeddings, model, prompt_eval_count: read } = answer;
  const texts = Array.isArray(asked.input) ? asked.input.length : 1;
  if (!Array.isArray(embeddings) || embeddings.length !== texts) {
    throw new UnusableAnswer('Provider.BadResponse', 'empty', `the answer has no embedding for each of ${texts} texts`);
  }
  const data = embeddings.map((numbers, index) => ({
    object: 'embedding',
    index,
    embedding: asked.encoding_format === 'base64' ? base64Of(numbers) : numbers,
  }));
  const usage = read === undefined ? undefined : { prompt_tokens: read, total_tokens: read };
  return {
    body: { object: 'list', data, model, ...(usage && { usage }) },
    model,
    usage: read === undefined ? undefined : { input: read, output: 0 },
  };
}

/** As OpenAI packs them: 32 bits each, the lowest byte first. */
function base64Of(numbers: readonly number[]): string {
  const bytes = Buffer.alloc(numbers.length * 4);
  numbers.forEach((number, index) => bytes.writeFloatLE(number, index * 4));
  return bytes.toString('base64');
}
