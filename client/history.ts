import type { Json, JsonObject } from '../contracts/json';

// Histories as Temporal exports them: JSON, with every payload in base64.

/** One event: `eventType`, `eventTime`, `eventId`, and its attributes under a key of their own. */
export type HistoryEvent = JsonObject;

/** `ACTIVITY_TASK_SCHEDULED` of `EVENT_TYPE_ACTIVITY_TASK_SCHEDULED`. */
export function typeOf(event: HistoryEvent): string {
  return textAt(event, 'eventType').replace(/^EVENT_TYPE_/, '');
}

/** What the event says; empty where it says nothing. */
export function attributesOf(event: HistoryEvent): JsonObject {
  const [, attributes] = Object.entries(event).find(([key]) => key.endsWith('EventAttributes')) ?? [];
  return isObject(attributes) ? attributes : {};
}

/** A value down a path of keys; null where there is none. */
export function valueAt(value: Json | undefined, ...path: readonly string[]): Json {
  const found = path.reduce<Json | undefined>((at, key) => (isObject(at) ? at[key] : undefined), value);
  return found ?? null;
}

export function textAt(value: Json | undefined, ...path: readonly string[]): string {
  const found = valueAt(value, ...path);
  return typeof found === 'string' ? found : '';
}

/** The first of some payloads, if it is plain JSON. */
export function firstPayload(payloads: Json): Json {
  const [first] = Array.isArray(payloads) ? payloads : [];
  try {
    return JSON.parse(Buffer.from(textAt(first, 'data'), 'base64').toString('utf8')) as Json;
  } catch {
    return null; // none, or in a form that only its owner can read
  }
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
