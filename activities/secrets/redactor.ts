import { StringDecoder } from 'node:string_decoder';
import { Transform } from 'node:stream';
import type { Json } from '../../contracts/json';

/** Keeps secret values out of everything that is stored or shown. */
export interface Redactor {
  redact(text: string): string;
  /** All strings in a value, keys too. */
  redactJson(value: Json): Json;
  /** The same for a stream of bytes, whatever its chunks; what comes out is UTF-8. */
  transform(): Transform;
}

/** Shorter values would tear holes into ordinary words. */
const MIN_LENGTH = 6;
const MASK = '***';

/** Replaces each value by `***`, as it is and as base64, URL and JSON encodings write it. */
export function createRedactor(values: Iterable<string>): Redactor {
  const needles = [...new Set([...values].flatMap(disguises))].sort((a, b) => b.length - a.length);
  if (needles.length === 0) return { redact: (text) => text, redactJson: (value) => value, transform: wellFormed };
  const pattern = new RegExp(needles.map(escape).join('|'), 'g');
  const reach = needles[0]!.length;
  const redact = (text: string): string => text.replace(pattern, MASK);
  return { redact, redactJson: (value) => mapStrings(value, redact), transform: () => redacting(pattern, reach) };
}

/** The ways a value may be written. One of several lines is also looked for line by line. */
function disguises(value: string): string[] {
  const lines = value.includes('\n') ? value.split('\n').map((line) => line.trim()) : [];
  return [value, ...lines].filter((text) => text.length >= MIN_LENGTH).flatMap((text) => [text, ...encodings(text)]);
}

function encodings(text: string): string[] {
  const bytes = Buffer.from(text);
  const whole = [bytes.toString('base64'), bytes.toString('base64url')];
  const inside = [0, 1, 2].flatMap((offset) => [
    insideBase64(bytes, offset, 'base64'),
    insideBase64(bytes, offset, 'base64url'),
  ]);
  const url = encodeURIComponent(bytes.toString());
  const others = [...whole, ...inside, url, url.replaceAll('%20', '+'), JSON.stringify(text).slice(1, -1)];
  return others.filter((other) => other.length >= MIN_LENGTH);
}

/** What base64 makes of the value alone where `offset` bytes (mod 3) stand before it, such as `user:` in a header. */
function insideBase64(bytes: Buffer, offset: number, encoding: 'base64' | 'base64url'): string {
  const text = Buffer.concat([Buffer.alloc(offset), bytes]).toString(encoding);
  const first = Math.ceil((offset * 8) / 6);
  return text.slice(first, Math.floor(((offset + bytes.length) * 8) / 6));
}

function redacting(pattern: RegExp, reach: number): Transform {
  const decoder = new StringDecoder('utf8');
  let held = '';
  const step = (text: string, isLast: boolean): Buffer => {
    const [done, rest] = redactUpTo(held + text, isLast ? Infinity : held.length + text.length - reach + 1, pattern);
    held = rest;
    return Buffer.from(done);
  };
  return new Transform({
    transform: (chunk: Buffer, _, done) => done(null, step(decoder.write(chunk), false)),
    flush: (done) => done(null, step(decoder.end(), true)),
  });
}

/** Redact what begins before `limit`: a secret that begins later may not be here as a whole yet. */
function redactUpTo(text: string, limit: number, pattern: RegExp): [done: string, rest: string] {
  let done = '';
  let at = 0;
  for (const match of text.matchAll(pattern)) {
    if (match.index >= limit) break;
    done += text.slice(at, match.index) + MASK;
    at = match.index + match[0].length;
  }
  const end = Math.max(at, betweenCharacters(text, Math.min(limit, text.length)));
  return [done + text.slice(at, end), text.slice(end)];
}

/** Not between the two halves of a character that has two. */
function betweenCharacters(text: string, index: number): number {
  if (index <= 0) return 0;
  const code = text.charCodeAt(index - 1);
  return code >= 0xd800 && code <= 0xdbff ? index - 1 : index;
}

function wellFormed(): Transform {
  const decoder = new StringDecoder('utf8');
  return new Transform({
    transform: (chunk: Buffer, _, done) => done(null, Buffer.from(decoder.write(chunk))),
    flush: (done) => done(null, Buffer.from(decoder.end())),
  });
}

function mapStrings(value: Json, map: (text: string) => string): Json {
  if (typeof value === 'string') return map(value);
  if (Array.isArray(value)) return value.map((item) => mapStrings(item, map));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [map(key), mapStrings(item, map)]));
}

function escape(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}
