import { isScalarShape, shapeWords } from '../shape';
import type { Shape } from '../shape';

/** What is known of a value before anything has run. */
export type ValueType =
  | { readonly kind: 'any' }
  | { readonly kind: 'scalar'; readonly name: 'text' | 'a number' | 'true or false' }
  | { readonly kind: 'words'; readonly words: readonly string[] }
  | { readonly kind: 'list'; readonly item: ValueType }
  | ObjectType;

export interface ObjectType {
  readonly kind: 'object';
  /** What its fields are called in a message: `stage`, `input`. */
  readonly noun: string;
  readonly fields: Readonly<Record<string, ValueType>>;
  /** The object is empty at times: an expression must ask with has() before it reads a field. Says when. */
  readonly emptyUntil?: string;
  /** Names that exist but cannot be used here, each with the message that says so, and what to do. */
  readonly withheld?: Readonly<Record<string, { readonly message: string; readonly hint: string }>>;
}

export const ANY: ValueType = { kind: 'any' };
export const TEXT: ValueType = { kind: 'scalar', name: 'text' };
export const NUMBER: ValueType = { kind: 'scalar', name: 'a number' };
export const BOOLEAN: ValueType = { kind: 'scalar', name: 'true or false' };

/** The type of what has the shape. A shape that is none is of any type: it is reported where it stands. */
export function typeOfShape(shape: Shape | undefined): ValueType {
  if (shape === undefined) return ANY;
  if (typeof shape === 'string') return typeOfScalar(shape);
  if (Array.isArray(shape)) return { kind: 'list', item: typeOfShape(shape[0]) };
  const fields = Object.entries(shape).map(([key, of]) => [key.replace(/\?$/, ''), typeOfShape(of)] as const);
  return { kind: 'object', noun: 'field', fields: Object.fromEntries(fields) };
}

function typeOfScalar(shape: string): ValueType {
  const words = shapeWords(shape);
  if (words !== undefined) return { kind: 'words', words };
  if (!isScalarShape(shape) || shape === 'any') return ANY;
  if (shape === 'string') return TEXT;
  return shape === 'boolean' ? BOOLEAN : NUMBER;
}
