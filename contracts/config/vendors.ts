import type { PROTOCOLS, Vendor } from '../schemas/config/providers';

/** What is known of a vendor, so that a provider named after one needs to say little. */
export interface VendorPreset {
  readonly protocol: (typeof PROTOCOLS)[number];
  readonly baseUrl: string;
  /** Whether it answers nobody without a key. */
  readonly needsKey: boolean;
  /** Where people usually have its settings: the variable of the environment for a field of the file. */
  readonly usual: Partial<Record<UsualField, string>>;
  /** The model that is asked where none is named; absent: one has to be. */
  readonly model?: string;
  /** What policies know it by, as long as it is reached on this machine. */
  readonly tagsHere: readonly string[];
  /** Whether it takes `response_format: json_schema`. */
  readonly structuredOutput: boolean;
  /** Longest context it is asked for where nothing else is said, tokens. */
  readonly maxContext?: number;
}

export const USUAL_FIELDS = ['key', 'base-url', 'organization', 'project', 'models', 'max-context'] as const;
export type UsualField = (typeof USUAL_FIELDS)[number];

const openAiShaped = { protocol: 'openai', needsKey: true, tagsHere: [], structuredOutput: false } as const;

export const VENDOR_PRESETS: Readonly<Record<Vendor, VendorPreset>> = {
  anthropic: {
    protocol: 'anthropic',
    baseUrl: 'https://api.anthropic.com',
    needsKey: true,
    usual: { key: 'ANTHROPIC_API_KEY', 'base-url': 'ANTHROPIC_BASE_URL', models: 'GANTRY_ANTHROPIC_MODEL' },
    model: 'claude-sonnet-5',
    tagsHere: [],
    structuredOutput: true,
  },
  openai: {
    ...openAiShaped,
    baseUrl: 'https://api.openai.com/v1',
    usual: {
      key: 'OPENAI_API_KEY',
      'base-url': 'OPENAI_BASE_URL',
      organization: 'OPENAI_ORG_ID',
      project: 'OPENAI_PROJECT_ID',
      models: 'GANTRY_OPENAI_MODEL',
    },
    model: 'gpt-6-sol',
    structuredOutput: true,
  },
  ollama: {
    protocol: 'ollama',
    baseUrl: 'http://127.0.0.1:11434',
    needsKey: false,
    usual: { 'base-url': 'OLLAMA_HOST', models: 'GANTRY_OLLAMA_MODEL', 'max-context': 'GANTRY_OLLAMA_CONTEXT' },
    tagsHere: ['local'],
    structuredOutput: true,
    // It costs memory of Ollama's host.
    maxContext: 32_768,
  },
  localai: {
    ...openAiShaped,
    baseUrl: 'http://127.0.0.1:8080/v1',
    needsKey: false,
    usual: { key: 'LOCALAI_API_KEY' },
    tagsHere: ['local'],
  },
  // It runs here, and may well ask somebody elsewhere: it is not local by itself.
  anythingllm: {
    ...openAiShaped,
    baseUrl: 'http://127.0.0.1:3001/api/v1/openai',
    usual: { key: 'ANYTHINGLLM_API_KEY' },
  },
  deepseek: { ...openAiShaped, baseUrl: 'https://api.deepseek.com', usual: { key: 'DEEPSEEK_API_KEY' } },
  kimi: { ...openAiShaped, baseUrl: 'https://api.moonshot.ai/v1', usual: { key: 'MOONSHOT_API_KEY' } },
  gemini: {
    ...openAiShaped,
    baseUrl: 'https://generativelanguage.googleapis.com/v1beta/openai',
    usual: { key: 'GEMINI_API_KEY' },
    structuredOutput: true,
  },
  perplexity: {
    ...openAiShaped,
    baseUrl: 'https://api.perplexity.ai',
    usual: { key: 'PERPLEXITY_API_KEY' },
    structuredOutput: true,
  },
  openrouter: {
    ...openAiShaped,
    baseUrl: 'https://openrouter.ai/api/v1',
    usual: { key: 'OPENROUTER_API_KEY' },
    structuredOutput: true,
  },
};

/** The vendor that a word names, if it is one. */
export function vendorNamed(word: unknown): Vendor | undefined {
  return isVendor(word) ? word : undefined;
}

function isVendor(word: unknown): word is Vendor {
  return typeof word === 'string' && Object.hasOwn(VENDOR_PRESETS, word);
}
