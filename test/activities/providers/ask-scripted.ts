import { anthropicProtocol } from '../../../activities/providers/anthropic/protocol';
import { createProvider, type ProviderLimits } from '../../../activities/providers/create-provider';
import type { ModelProvider, StreamedAnswer, StreamPart, Timeouts } from '../../../activities/providers/model-provider';
import { ollamaProtocol } from '../../../activities/providers/ollama/protocol';
import { openAiProtocol } from '../../../activities/providers/openai/protocol';
import { ProviderFailure } from '../../../activities/providers/provider-failure';
import type { OpenAiSettings } from '../../../activities/providers/settings';
import { wireRequest } from '../../../activities/providers/wire-request';
import type { Protocol } from '../../support/model-wire';

export const KEY = 'sk-canary-4711';
export const PATIENT: Timeouts = { firstEventMs: 30_000, idleMs: 30_000, totalMs: 30_000 };

/** A provider as it is configured, whose address is an upstream that a test scripts. */
export function providerAt(
  url: string,
  protocol: Protocol,
  more: Partial<OpenAiSettings> = {},
  limits: ProviderLimits = {},
): ModelProvider {
  return createProvider(protocolAt(url, protocol, more), limits);
}

function protocolAt(url: string, protocol: Protocol, more: Partial<OpenAiSettings>) {
  switch (protocol) {
    case 'anthropic':
      return anthropicProtocol({ name: 'anthropic', apiKey: KEY, baseUrl: url, maxTokens: 500 });
    case 'ollama':
      return ollamaProtocol({ name: 'ollama', baseUrl: url, maxContext: 16_384 });
    case 'openai':
      return openAiProtocol({
        ...{ name: 'openai', apiKey: KEY, baseUrl: `${url}/v1`, structuredOutput: true },
        ...more,
      });
  }
}

/** The body of a request in OpenAI's words. */
export type Body = Readonly<Record<string, unknown>>;

export const HELLO = { model: 'm', messages: [{ role: 'user', content: 'Say hello.' }] } as const;

export interface Asking {
  readonly timeouts?: Partial<Timeouts>;
  readonly signal?: AbortSignal;
  /** Hears of each part of a stream. */
  readonly onPart?: (part: StreamPart) => unknown;
}

/** The ways to ask: the text alone, a chat completion in one piece, and one that streams. */
export const WAYS = {
  complete: async (provider: ModelProvider, body: Body, { timeouts, signal }: Asking = {}) => {
    const messages = [{ role: 'user' as const, content: 'Say hello.' }];
    const asked = { model: String(body['model']), messages, timeouts: { ...PATIENT, ...timeouts } };
    await provider.complete(asked, signal ?? new AbortController().signal);
  },
  whole: async (provider: ModelProvider, body: Body, asking: Asking = {}) => {
    await askWhole(provider, body, asking);
  },
  stream: async (provider: ModelProvider, body: Body, asking: Asking = {}) => {
    await partsOf(await askStream(provider, body, asking), asking.onPart);
  },
} as const;

export type Way = keyof typeof WAYS;
export const ALL_WAYS: readonly Way[] = ['complete', 'whole', 'stream'];

export function askWhole(provider: ModelProvider, body: Body, asking: Asking = {}) {
  return provider.chat(wireRequest(body), callOf(body, asking));
}

export function askStream(provider: ModelProvider, body: Body, asking: Asking = {}): Promise<StreamedAnswer> {
  return provider.stream(wireRequest({ ...body, stream: true }), callOf(body, asking));
}

export function askEmbeddings(provider: ModelProvider, body: Body) {
  return provider.embed(wireRequest(body), callOf(body, {}));
}

/** Read a stream to its end. */
export async function partsOf({ parts }: StreamedAnswer, onPart?: Asking['onPart']): Promise<StreamPart[]> {
  const seen: StreamPart[] = [];
  for await (const part of parts) {
    seen.push(part);
    await onPart?.(part);
  }
  return seen;
}

export interface Chunk extends Record<string, unknown> {
  readonly choices: readonly { readonly delta: Readonly<Record<string, unknown>> }[];
}

/** The chunks of a stream, each as a client reads it. */
export function chunksIn(parts: readonly StreamPart[]): Chunk[] {
  const text = Buffer.concat(parts.map(({ bytes }) => bytes)).toString('utf8');
  const events = text.split(/\r?\n\r?\n/).filter((event) => event !== '');
  return events
    .filter((event) => event.startsWith('data: '))
    .map((event) => JSON.parse(event.slice('data: '.length)) as Chunk);
}

export function textOf(parts: readonly StreamPart[]): string {
  const contents = chunksIn(parts).map(({ choices }) => choices[0]?.delta['content']);
  return contents.map((content) => (typeof content === 'string' ? content : '')).join('');
}

function callOf(body: Body, { timeouts, signal = new AbortController().signal }: Asking) {
  return { model: String(body['model']), timeouts: { ...PATIENT, ...timeouts }, signal };
}

export async function failureOf(call: Promise<unknown>): Promise<ProviderFailure> {
  const failure = await call.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (failure instanceof ProviderFailure) return failure;
  throw new Error('the call did not fail as calls of providers do', { cause: failure });
}
