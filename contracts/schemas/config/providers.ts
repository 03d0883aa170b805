import { z } from 'zod';
import { duration, name, variable } from './words';

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
  input: z.number().nonnegative(),
  output: z.number().nonnegative(),
  'cache-read': z.number().nonnegative().optional(),
  'cache-write': z.number().nonnegative().optional(),
});

const provider = z
  .strictObject({
    vendor: z.enum(VENDORS).optional().meta({ description: "The name's, where it is one" }),
    protocol: z.enum(PROTOCOLS).optional().meta({ description: "The vendor's; openai where there is none" }),
    'base-url': z.url({ protocol: /^https?$/, error: 'must be an http or https address' }).optional(),
    key: variable.optional().meta({ description: 'The variable of the environment that holds the key' }),
    models: z
      .array(z.string().min(1))
      .min(1, 'needs a model')
      .optional()
      .meta({ description: 'The first is the default' }),
    tags: z.array(name).default([]).meta({ description: 'Words that policies know it by: local, eu' }),
    'max-output': z.int().positive().optional().meta({ description: 'Longest answer, tokens' }),
    'max-context': z.int().min(8_192).optional().meta({ description: 'Longest context to ask of an Ollama, tokens' }),
    'structured-output': z.boolean().optional().meta({ description: 'Whether it takes response_format: json_schema' }),
    prices: z
      .record(z.string(), z.union([z.literal('free'), price]))
      .default({})
      .meta({ description: 'By model, * for all: US dollars for a million tokens, or free; above the price list' }),
    organization: z.string().optional(),
    project: z.string().optional(),
    'first-event': duration.optional().meta({ description: 'Longest wait for the first event of an answer' }),
    idle: duration.optional().meta({ description: 'Longest pause within an answer' }),
    enabled: z.boolean().default(true),
  })
  .meta({ id: 'Provider' });

export const providers = z.record(name, provider);

export type ProviderFile = z.output<typeof provider>;
export type ModelPriceFile = z.output<typeof price> | 'free';
