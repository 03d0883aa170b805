import { z } from 'zod';
import { duration, name, oneOrMany, someOf, variable } from './words';

/** Vendors whose address, protocol and ways are known; a provider named after one needs no more than its models. */
export const VENDORS = [
  'anthropic',
  'openai',
  'ollama',
  'localai',
  'anythingllm',
  'deepseek',
  'kimi',
  'gemini',
  'perplexity',
  'openrouter',
] as const;
export type Vendor = (typeof VENDORS)[number];

export const PROTOCOLS = ['anthropic', 'openai', 'ollama'] as const;

/** US dollars for a million tokens. */
const price = z.strictObject({
  input: z.number().nonnegative().meta({ description: 'US dollars for a million tokens asked' }),
  output: z.number().nonnegative().meta({ description: 'US dollars for a million tokens answered' }),
  'cache-read': z
    .number()
    .nonnegative()
    .optional()
    .meta({ description: 'Asked, and found in a cache; as input unless said' }),
  'cache-write': z
    .number()
    .nonnegative()
    .optional()
    .meta({ description: 'Asked, and put into one; as input unless said' }),
});

const address = z
  .url({ protocol: /^https?$/, error: 'must be an http or https address' })
  .refine(holdsNoLogin, 'must hold no user and password: name the variable that holds the key');

function holdsNoLogin(text: string): boolean {
  if (!URL.canParse(text)) return true;
  const { username, password } = new URL(text);
  return username === '' && password === '';
}

const provider = z
  .strictObject({
    vendor: z.enum(VENDORS).optional().meta({ description: "The name's, where it is one" }),
    protocol: z.enum(PROTOCOLS).optional().meta({ description: "The vendor's; openai where there is none" }),
    'base-url': address.optional().meta({ description: "Where its API is; the vendor's own address unless said" }),
    key: variable
      .optional()
      .meta({ description: "The variable of the environment that holds the key; the vendor's usual one unless said" }),
    models: someOf(z.string().min(1), 'needs a model')
      .optional()
      .meta({ description: "The first is asked where nobody names one; the vendor's usual model unless said" }),
    tags: oneOrMany(name).default([]).meta({ description: 'Words that policies know it by: local, eu' }),
    'max-output': z.int().positive().optional().meta({ description: 'Longest answer, tokens' }),
    'max-context': z
      .int()
      .min(8_192)
      .optional()
      .meta({ description: 'Longest context, tokens; of an Ollama what it is asked for at most, 32768 unless said' }),
    'structured-output': z.boolean().optional().meta({ description: 'Whether it takes response_format: json_schema' }),
    prices: z
      .union([z.literal('free'), z.record(z.string(), z.union([z.literal('free'), price]))])
      .transform((said): Record<string, ModelPriceFile> => (said === 'free' ? { '*': said } : said))
      .default({})
      .meta({
        description:
          'By model, * for all: US dollars for a million tokens, or free; free alone: all are. Above the price list',
      }),
    organization: z.string().min(1).optional().meta({ description: "OpenAI's: who is billed" }),
    project: z.string().min(1).optional().meta({ description: "OpenAI's: the project that is billed" }),
    'first-event': duration.optional().meta({ description: 'Longest wait for the first event of an answer' }),
    idle: duration.optional().meta({ description: 'Longest pause within an answer' }),
    enabled: z.boolean().default(true).meta({ description: 'false: nobody asks it; its name stays known' }),
  })
  .meta({ id: 'Provider' });

export type ProviderFile = z.output<typeof provider>;

/** Of a vendor whose usual model is known, its name says it all. */
const nothingMore = z.null().transform((): ProviderFile => provider.parse({}));

export const providers = z.record(name, z.union([provider, nothingMore]));

export type ModelPriceFile = z.output<typeof price> | 'free';
