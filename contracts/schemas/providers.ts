import { z } from 'zod';
import { NAME_PATTERN } from '../ids';

// How the model providers of a worker are set up. Keys are in it: it is read from the environment of one process and
// never travels.

const name = z.string().regex(NAME_PATTERN, 'must start with a letter and hold only a-z, 0-9, - and _ (40 at most)');
const baseUrl = z.url({ protocol: /^https?$/, error: 'must be an http or https address' });
/** The first is the default. */
const models = z.array(z.string().min(1)).min(1, 'needs a model');
const apiKey = z.string().min(1);

const anthropicSettings = z.strictObject({
  protocol: z.literal('anthropic'),
  name,
  apiKey,
  baseUrl: baseUrl.default('https://api.anthropic.com'),
  models,
  /** Longest answer, tokens. */
  maxTokens: z.int().positive().default(16_000),
});

const openAiSettings = z.strictObject({
  protocol: z.literal('openai'),
  name,
  apiKey: apiKey.optional(),
  organization: z.string().optional(),
  project: z.string().optional(),
  baseUrl: baseUrl.default('https://api.openai.com/v1'),
  models,
  /** Whether the server takes `response_format: json_schema`; many that are compatible otherwise do not. */
  structuredOutput: z.boolean().default(false),
  /** A stand-in costs nothing and answers only where there is nobody else. */
  standIn: z.boolean().default(false),
});

const ollamaSettings = z.strictObject({
  protocol: z.literal('ollama'),
  name,
  baseUrl,
  models,
  /** Longest context to ask for, tokens: it costs memory of Ollama's host. */
  maxContext: z.int().min(8_192).default(32_768),
});

export const providerSettings = z.discriminatedUnion('protocol', [anthropicSettings, openAiSettings, ollamaSettings]);

export type AnthropicSettings = z.output<typeof anthropicSettings>;
export type OpenAiSettings = z.output<typeof openAiSettings>;
export type OllamaSettings = z.output<typeof ollamaSettings>;
export type ProviderSettings = z.output<typeof providerSettings>;
