import type { Json, JsonObject } from '../../contracts/json';
import { UnusableAnswer } from './provider-failure';

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function isJsonObject(value: Json | undefined): value is JsonObject {
  return isObject(value);
}

/** The object in what a provider sent. Fails: UnusableAnswer. */
export function parseObject(text: string): JsonObject {
  let value: Json | undefined;
  try {
    value = JSON.parse(text) as Json;
  } catch {
    value = undefined;
  }
  // Gemini sends its errors in a list.
  const first = Array.isArray(value) ? value[0] : value;
  if (isJsonObject(first)) return first;
  throw new UnusableAnswer('Provider.BadResponse', 'not_json', 'what came is no JSON object');
}
