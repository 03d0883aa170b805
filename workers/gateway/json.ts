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
  } catch {
    // What the parser says quotes the body: only where it stopped is told.
    throw badRequest(`The body is not valid JSON${placeOf(text)}.`, undefined, 'invalid_json');
  }
}

/** Longer texts are not searched: that takes time which others wait for. */
const LONGEST_SEARCHED = 128 * 1024;

/** ` (line 2, column 14)`: the first character that no JSON could have there. */
function placeOf(text: string): string {
  if (text.length > LONGEST_SEARCHED) return '';
  const before = text.slice(0, goodLength(text)).split('\n');
  return ` (line ${before.length}, column ${(before.at(-1) ?? '').length + 1})`;
}

/** The length of the longest beginning that could still become JSON: parsers seldom say where they stopped. */
function goodLength(text: string): number {
  if (couldBegin(text)) return text.length;
  let [good, bad] = [0, text.length];
  while (bad - good > 1) {
    const middle = Math.floor((good + bad) / 2);
    if (couldBegin(text.slice(0, middle))) good = middle;
    else bad = middle;
  }
  return good;
}

function couldBegin(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch (error) {
    const { message } = error as Error;
    const position = /position (\d+)/.exec(message)?.[1];
    return /end of JSON input|Unterminated string/.test(message) || Number(position) >= text.length;
  }
}
