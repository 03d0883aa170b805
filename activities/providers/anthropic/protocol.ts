import Anthropic from '@anthropic-ai/sdk';
import { classifyAnthropic } from '../classify/anthropic';
import { holdsStrictly } from '../hold-to-schema';
import type { Protocol } from '../protocol';
import type { AnthropicSettings } from '../settings';
import { unsupported } from '../translate/read-chat';
import { translated } from '../translate/translated';
import { NO_STREAM, type Wire } from '../wire/wire';
import { piecesOf } from './pieces';
import { PLAIN_ONLY, toMessages } from './to-messages';

/** Anthropic's Messages API through its SDK. Every answer streams: a long one would outlast what waits in between. */
export function anthropicProtocol(settings: AnthropicSettings): Protocol {
  return {
    ...{ name: settings.name, secret: settings.apiKey, classify: classifyAnthropic },
    ...translated(async (asked, wire, told) => {
      const params = toMessages(asked, settings.maxTokens);
      const stream = await clientOf(settings, wire).messages.create(params, { signal: wire.signal });
      return piecesOf(stream, told);
    }),
    embed: () => Promise.reject(unsupported('it has no embeddings')),
    formatFor: (schema, model) =>
      holdsStrictly(schema) && !PLAIN_ONLY.test(model)
        ? { type: 'json_schema', json_schema: { name: 'answer', schema } }
        : undefined,
  };
}

/** The SDK's own clock is set to the longest there is: calls have clocks of their own. */
const NEVER_MS = 2 ** 31 - 1;

/** A client for one call. What the SDK would take from the process environment is set, to nothing if need be. */
function clientOf(settings: AnthropicSettings, wire: Wire): Anthropic {
  return new Anthropic({
    // Proxies at home need no key, but the SDK does.
    apiKey: settings.apiKey ?? 'none',
    authToken: null,
    baseURL: settings.baseUrl,
    maxRetries: 0,
    timeout: NEVER_MS,
    fetch: wire.fetch(NO_STREAM),
    // The SDK's own spans would double those of the activity.
    openTelemetry: false,
    logLevel: 'off',
  });
}
