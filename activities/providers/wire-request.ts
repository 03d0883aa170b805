import { isObject } from './json';
import type { WireRequest } from './model-provider';

/** A request of whoever has no bytes of it yet. */
export function wireRequest(body: Readonly<Record<string, unknown>>): WireRequest {
  return { raw: Buffer.from(JSON.stringify(body)), body };
}

/** Whether whoever asks is to be told of usage at the end of a stream. */
export function wantsUsage({ body: { stream_options: options } }: WireRequest): boolean {
  return isObject(options) && options['include_usage'] === true;
}
