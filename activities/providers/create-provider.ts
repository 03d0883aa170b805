import type { ConfiguredProvider } from '../../contracts/config/model-config';
import type { CompletionRequest, ModelProvider, Timeouts, WireCall, WireRequest } from './model-provider';
import type { Asked, Protocol } from './protocol';
import { collectText } from './text/collect-text';
import { requestFor } from './text/request-for';
import { exchange, exchangeStream } from './wire/exchange';

/** What the configuration says of one provider: however it is asked, it is waited for no longer, and says no more. */
export type ProviderLimits = Pick<ConfiguredProvider, 'maxOutput' | 'firstEventMs' | 'idleMs'>;

/** A provider that speaks a protocol, within its limits. */
export function createProvider(protocol: Protocol, limits: ProviderLimits = {}): ModelProvider {
  const { maxOutput } = limits;
  const asked = (request: WireRequest, { model }: WireCall): Asked => ({ request, model, maxOutput });
  const timed = ({ model, timeouts, signal }: WireCall, inOnePiece: boolean): WireCall => {
    return { model, timeouts: within(limits, timeouts, inOnePiece), signal };
  };
  return {
    name: protocol.name,
    chat: (request, call) =>
      exchange(protocol, timed(call, !protocol.alwaysStreams), (wire) => protocol.chat(asked(request, call), wire)),
    embed: (request, call) =>
      exchange(protocol, timed(call, true), (wire) => protocol.embed(asked(request, call), wire)),
    stream: (request, call) =>
      exchangeStream(protocol, timed(call, false), (wire) => protocol.stream(asked(request, call), wire)),
    complete: (request, signal) => {
      const { model, timeouts, onProgress } = request;
      const call = timed({ model, timeouts, signal }, false);
      return exchange(protocol, call, async (wire) => {
        const words = requestFor(request, formatOf(protocol, request));
        return collectText(await protocol.stream(asked(words, call), wire), onProgress);
      });
    },
  };
}

function formatOf({ formatFor }: Protocol, { schema, model }: CompletionRequest) {
  return schema && formatFor(schema, model);
}

/** @param inOnePiece before such an answer there is nothing to be seen of it, however long it takes */
function within({ firstEventMs, idleMs }: ProviderLimits, timeouts: Timeouts, inOnePiece: boolean): Timeouts {
  const { totalMs } = timeouts;
  return {
    totalMs,
    firstEventMs: inOnePiece ? totalMs : Math.min(totalMs, firstEventMs ?? timeouts.firstEventMs),
    idleMs: Math.min(totalMs, idleMs ?? timeouts.idleMs),
  };
}
