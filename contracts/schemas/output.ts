import { z } from 'zod';
import { nearestWord } from '../nearest-word';
import { isScalarShape, SCALAR_SHAPES, shapeWords } from '../shape';
import type { ScalarShape, Shape } from '../shape';
import type { Json, JsonObject } from '../json';

/** What is wrong with a shape, and where in it. */
export interface ShapeProblem {
  readonly path: readonly (string | number)[];
  readonly message: string;
  readonly hint?: string;
}

const FIELD_PATTERN = /^(?!__proto__)[A-Za-z_][A-Za-z0-9_-]{0,63}\??$/;

const SCALARS: Record<ScalarShape, { schema: () => z.ZodType<Json>; json: JsonObject }> = {
  string: { schema: () => z.string(), json: { type: 'string' } },
  number: { schema: () => z.number(), json: { type: 'number' } },
  integer: { schema: () => z.int(), json: { type: 'integer' } },
  boolean: { schema: () => z.boolean(), json: { type: 'boolean' } },
  any: { schema: () => z.json(), json: {} },
};

/** Reads a value of the shape. Keys that the shape does not name are left out. Throws for a shape that is none. */
export function outputSchema(shape: Shape): z.ZodType<Json> {
  if (typeof shape === 'string') {
    const words = shapeWords(shape);
    return words === undefined ? SCALARS[scalarOf(shape)].schema() : z.enum(words);
  }
  if (Array.isArray(shape)) return z.array(outputSchema(itemOf(shape)));
  const fields = Object.entries(shape).map(([key, of]) => {
    return key.endsWith('?') ? [key.slice(0, -1), outputSchema(of).optional()] : [key, outputSchema(of)];
  });
  return z.object(Object.fromEntries(fields) as Record<string, z.ZodType<Json>>);
}

/** The shape as JSON Schema, in the form that model providers take: closed objects, no references. */
export function shapeToJsonSchema(shape: Shape): JsonObject {
  if (typeof shape === 'string') {
    const words = shapeWords(shape);
    return words === undefined ? { ...SCALARS[scalarOf(shape)].json } : { type: 'string', enum: words };
  }
  if (Array.isArray(shape)) return { type: 'array', items: shapeToJsonSchema(itemOf(shape)) };
  const fields = Object.entries(shape);
  return {
    type: 'object',
    properties: Object.fromEntries(fields.map(([key, of]) => [key.replace(/\?$/, ''), shapeToJsonSchema(of)])),
    required: fields.flatMap(([key]) => (key.endsWith('?') ? [] : [key])),
    additionalProperties: false,
  };
}

/** The shape for a model or a person: `{ "title": string, "files": [string], "notes" (may be missing): string }`. */
export function describeShape(shape: Shape): string {
  if (typeof shape === 'string') {
    const words = shapeWords(shape);
    return words === undefined ? shape : words.map((word) => JSON.stringify(word)).join(' or ');
  }
  if (Array.isArray(shape)) return `[${describeShape(itemOf(shape))}]`;
  const fields = Object.entries(shape).map(([key, of]) => {
    const name = key.endsWith('?') ? `${JSON.stringify(key.slice(0, -1))} (may be missing)` : JSON.stringify(key);
    return `${name}: ${describeShape(of)}`;
  });
  return `{ ${fields.join(', ')} }`;
}

/** Everything wrong with a shape as written. */
export function checkShape(shape: Shape, path: readonly (string | number)[] = []): ShapeProblem[] {
  if (typeof shape === 'string') return checkScalar(shape, path);
  if (Array.isArray(shape)) {
    const [item] = shape;
    if (shape.length !== 1 || item === undefined) {
      return [{ path, message: `must hold the one shape of its items, got ${shape.length}`, hint: 'Write [string].' }];
    }
    return checkShape(item, [...path, 0]);
  }
  const entries = Object.entries(shape);
  if (entries.length === 0) return [{ path, message: 'is an object without fields', hint: 'Write any.' }];
  return entries.flatMap(([key, of]) => [...checkField(key, shape, path), ...checkShape(of, [...path, key])]);
}

function checkScalar(text: string, path: ShapeProblem['path']): ShapeProblem[] {
  const words = shapeWords(text);
  if (words === undefined) {
    if (isScalarShape(text)) return [];
    const word = nearestWord(text, SCALAR_SHAPES);
    const hint =
      word === undefined
        ? `A shape is ${SCALAR_SHAPES.join(', ')}, or words such as yes | no.`
        : `Did you mean "${word}"?`;
    return [{ path, message: `holds "${text}", which is no shape`, hint }];
  }
  if (words.includes(''))
    return [{ path, message: `holds "${text}", where a word is missing`, hint: 'Write yes | no.' }];
  const twice = words.find((word, index) => words.indexOf(word) !== index);
  if (twice !== undefined) return [{ path, message: `names the word "${twice}" twice` }];
  const scalar = words.find(isScalarShape);
  if (scalar === undefined) return [];
  return [{ path, message: `holds "${text}", but ${scalar} is a type and no word`, hint: 'Write any for either.' }];
}

function checkField(key: string, siblings: Record<string, Shape>, path: ShapeProblem['path']): ShapeProblem[] {
  if (!FIELD_PATTERN.test(key)) {
    return [
      { path: [...path, key], message: `has the field "${key}"; a field is a word, with ? when it may be missing` },
    ];
  }
  if (!key.endsWith('?') || !Object.hasOwn(siblings, key.slice(0, -1))) return [];
  return [{ path: [...path, key], message: `has both "${key.slice(0, -1)}" and "${key}"` }];
}

function scalarOf(shape: string): ScalarShape {
  if (isScalarShape(shape)) return shape;
  throw new TypeError(`"${shape}" is no shape`);
}

function itemOf(shape: readonly Shape[]): Shape {
  const [item] = shape;
  if (item === undefined) throw new TypeError('A list shape must hold the shape of its items');
  return item;
}
