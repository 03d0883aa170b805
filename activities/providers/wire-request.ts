import type { WireRequest } from './model-provider';

/** A request of whoever has no bytes of it yet. */
export function wireRequest(body: Readonly<Record<string, unknown>>): WireRequest {
  return { raw: Buffer.from(JSON.stringify(body)), body };
}
