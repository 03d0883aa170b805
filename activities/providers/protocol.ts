import type { JsonObject } from '../../contracts/json';
import type { StreamedAnswer, WholeAnswer, WireRequest } from './model-provider';
import type { Party } from './wire/exchange';
import type { Wire } from './wire/wire';

/** How one protocol is spoken over a wire that times each call. Whatever is thrown here is judged by the exchange. */
export interface Protocol extends Party {
  /** Also what is wanted in one piece comes as a stream, so that its first event can be waited for. */
  readonly alwaysStreams: boolean;
  readonly chat: (asked: Asked, wire: Wire) => Promise<WholeAnswer>;
  readonly stream: (asked: Asked, wire: Wire) => Promise<StreamedAnswer>;
  readonly embed: (asked: Asked, wire: Wire) => Promise<WholeAnswer>;
  /** The `response_format` that holds a model to a schema; undefined: it can be asked in words alone. */
  readonly formatFor: (schema: JsonObject, model: string) => JsonObject | undefined;
}

export interface Asked {
  readonly request: WireRequest;
  readonly model: string;
  /** The longest answer that may be asked for, tokens, whatever the request says. */
  readonly maxOutput: number | undefined;
}
