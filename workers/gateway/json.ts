import { isUtf8 } from 'node:buffer';
import { badRequest } from './errors';

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The JSON object of a body. Fails: ApiError 400. */
export function readJsonObject(raw: unknown): { readonly raw: Buffer; readonly body: Record<string, unknown> } {
  if (!Buffer.isBuffer(raw) || raw.length === 0) throw badRequest('The request has no body. Send a JSON object.');
  if (!isUtf8(raw)) throw badRequest('The body is not UTF-8.', undefined, 'invalid_encoding');
  const body = parse(raw.toString('utf8'));
  if (!isObject(body)) throw badRequest('The body must be a JSON object.');
  return { raw, body };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    // What the parser says quotes the body: only where it stopped is told.
    const place =
      error instanceof Error ? /position \d+( \(line \d+ column \d+\))?/.exec(error.message)?.[0] : undefined;
    throw badRequest(
      `The body is not valid JSON${place === undefined ? '' : ` (at ${place})`}.`,
      undefined,
      'invalid_json',
    );
  }
}
