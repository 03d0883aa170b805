import { createAnthropicProvider } from '../../../activities/providers/anthropic/provider';
import type { ChatEvent, ModelBody, ModelProvider, Timeouts } from '../../../activities/providers/model-provider';
import { createOllamaProvider } from '../../../activities/providers/ollama/provider';
import { createOpenAiProvider } from '../../../activities/providers/openai/provider';
import { ProviderFailure } from '../../../activities/providers/provider-failure';
import type { OpenAiSettings } from '../../../activities/providers/settings';
import type { Protocol } from '../../support/model-wire';

export const KEY = 'sk-canary-4711';
export const PATIENT: Timeouts = { firstEventMs: 30_000, idleMs: 30_000, totalMs: 30_000 };

/** A provider as it is configured, whose address is an upstream that a test scripts. */
export function providerAt(url: string, protocol: Protocol, more: Partial<OpenAiSettings> = {}): ModelProvider {
  switch (protocol) {
    case 'anthropic':
      return createAnthropicProvider({ name: 'anthropic', apiKey: KEY, baseUrl: url, maxTokens: 500 });
    case 'ollama':
      return createOllamaProvider({ name: 'ollama', baseUrl: url, maxContext: 16_384 });
    case 'openai':
      return createOpenAiProvider({
        ...{ name: 'openai', apiKey: KEY, baseUrl: `${url}/v1`, structuredOutput: true },
        ...more,
      });
  }
}

export const HELLO: ModelBody = { model: 'm', messages: [{ role: 'user', content: 'Say hello.' }] };

export interface Asking {
  readonly timeouts?: Partial<Timeouts>;
  readonly signal?: AbortSignal;
}

/** The ways to ask: the text alone, a chat completion in one piece, and one that streams. */
export const WAYS = {
  complete: async (provider: ModelProvider, body: ModelBody, { timeouts, signal }: Asking = {}) => {
    const messages = [{ role: 'user' as const, content: 'Say hello.' }];
    const asked = { model: body.model, messages, timeouts: { ...PATIENT, ...timeouts } };
    await provider.complete(asked, signal ?? new AbortController().signal);
  },
  whole: async (provider: ModelProvider, body: ModelBody, asking: Asking = {}) => {
    await provider.chat(body, { ...wireOf(asking), stream: false });
  },
  stream: async (provider: ModelProvider, body: ModelBody, asking: Asking = {}) => {
    await eventsOf(provider, body, asking);
  },
} as const;

export type Way = keyof typeof WAYS;
export const ALL_WAYS: readonly Way[] = ['complete', 'whole', 'stream'];

export async function eventsOf(provider: ModelProvider, body: ModelBody, asking: Asking = {}): Promise<ChatEvent[]> {
  const { events } = await provider.chat(body, { ...wireOf(asking), stream: true });
  const seen: ChatEvent[] = [];
  for await (const event of events) seen.push(event);
  return seen;
}

function wireOf({ timeouts, signal = new AbortController().signal }: Asking) {
  return { timeouts: { ...PATIENT, ...timeouts }, signal };
}

export async function failureOf(call: Promise<unknown>): Promise<ProviderFailure> {
  const failure = await call.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (failure instanceof ProviderFailure) return failure;
  throw new Error('the call did not fail as calls of providers do', { cause: failure });
}
