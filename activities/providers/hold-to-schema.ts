import type { Json, JsonObject } from '../../contracts/json';

/**
 * Whether providers with strict structured output take this JSON Schema: an object at the root, and no place where
 * anything goes. Keys that may be missing are a separate matter: see {@link requiresEveryKey}.
 */
export function holdsStrictly(schema: JsonObject): boolean {
  return schema['type'] === 'object' && every(schema, (node) => isTyped(node));
}

/** OpenAI's strict mode wants every key required. */
export function requiresEveryKey(schema: JsonObject): boolean {
  return every(schema, (node) => {
    const keys = Object.keys(asObject(node['properties']) ?? {});
    const required = node['required'];
    return keys.length === 0 || (Array.isArray(required) && keys.every((key) => required.includes(key)));
  });
}

function isTyped(node: JsonObject): boolean {
  if (node['type'] === 'object') return node['properties'] !== undefined && node['additionalProperties'] === false;
  return node['type'] !== undefined || node['enum'] !== undefined || node['const'] !== undefined;
}

function every(node: JsonObject, holds: (node: JsonObject) => boolean): boolean {
  const items = asObject(node['items']);
  const children = [...Object.values(asObject(node['properties']) ?? {}), ...(items ? [items] : [])];
  return holds(node) && children.every((child) => every(asObject(child) ?? {}, holds));
}

function asObject(value: Json | undefined): JsonObject | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined;
}
