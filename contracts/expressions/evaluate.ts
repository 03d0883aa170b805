import type { ASTNode } from '@marcbachmann/cel-js';
import type { Expression, ExpressionScope } from '../definition';
import type { Json } from '../json';
import { suggestion } from '../nearest-word';
import { ExpressionError } from './expression-error';
import { parseExpression } from './language';

/**
 * The value of an expression. Pure: the same text and scope give the same value on every machine and in every
 * replay. `failure` is an empty object where nothing failed. Fails: ExpressionError.
 */
export function evaluate(expression: Expression, scope: ExpressionScope): Json {
  const parsed = parseExpression(expression);
  let value: unknown;
  try {
    value = parsed({ ...scope, failure: scope.failure ?? {} });
  } catch (error) {
    throw explain(error, expression, scope);
  }
  return toJson(value, expression);
}

/** The value of a condition. Anything but true and false is an error. Fails: ExpressionError. */
export function evaluateBoolean(expression: Expression, scope: ExpressionScope): boolean {
  const value = evaluate(expression, scope);
  if (typeof value === 'boolean') return value;
  throw new ExpressionError(`must be true or false, got ${describeJson(value)}`, expression, 0);
}

function toJson(value: unknown, expression: string): Json {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value;
  if (typeof value === 'number') return checkNumber(value, expression);
  if (typeof value === 'bigint') return checkNumber(Number(value), expression, value);
  if (Array.isArray(value)) return value.map((item) => toJson(item, expression));
  if (typeof value === 'object' && isPlain(value)) {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, toJson(item, expression)]));
  }
  throw new ExpressionError('gives something that is not text, a number, a list or an object', expression, 0);
}

function checkNumber(value: number, expression: string, whole?: bigint): number {
  if (!Number.isFinite(value)) throw new ExpressionError(`gives ${value}, which is no number`, expression, 0);
  if (whole === undefined || Number.isSafeInteger(value)) return value;
  throw new ExpressionError(`gives ${whole}, which is too large a number`, expression, 0);
}

function isPlain(value: object): value is Record<string, unknown> {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

interface CelError {
  readonly code?: string;
  readonly summary?: string;
  readonly node?: ASTNode;
  readonly range?: { readonly start: number };
}

function explain(error: unknown, expression: string, scope: ExpressionScope): ExpressionError {
  const { code, summary, node, range } = error as CelError;
  const offset = range?.start ?? 0;
  if (node !== undefined && (code === 'no_such_key' || code === 'index_out_of_bounds')) {
    return explainMissing(node, expression, offset, scope);
  }
  if (code === 'unknown_variable') {
    const name = (summary ?? '').replace(/^.*: /, '');
    const known = Object.entries(scope).flatMap(([root, value]) => (value === undefined ? [] : [root]));
    return new ExpressionError(`${name} is not known here`, expression, offset, suggestion(name, known));
  }
  return new ExpressionError(describeTypes(summary ?? String(error)), expression, offset);
}

/** `stages.plan.output.titel is missing`, and what there is instead. */
function explainMissing(node: ASTNode, expression: string, offset: number, scope: ExpressionScope): ExpressionError {
  const path = expression.slice(node.start, node.end);
  const holder = Array.isArray(node.args) ? (node.args as readonly unknown[])[0] : undefined;
  const written = path.replace(/^.*[.[]/s, '').replace(/[\]"']/g, '');
  const keys = holder === undefined ? [] : keysOf(expression.slice((holder as ASTNode).start, (holder as ASTNode).end));
  return new ExpressionError(`${path} is missing`, expression, offset, suggestion(written, keys));

  function keysOf(text: string): string[] {
    try {
      const value: unknown = parseExpression(text)({ ...scope, failure: scope.failure ?? {} });
      return typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.keys(value) : [];
    } catch {
      // It names the item of a loop, which has no value out here.
      return [];
    }
  }
}

/** The library's types in JSON's words. */
export function describeTypes(summary: string): string {
  const plain = summary
    .replace(/dyn<([^<>]*)>/g, '$1')
    .replace(/\b(?:double|int|uint)\b/g, 'number')
    .replace(/\bbool\b/g, 'true or false')
    .replace(/\bmap(?:<[^<>]*>)?/g, 'object')
    .replace(/\blist<[^<>]*>/g, 'list');
  return plain
    .replace(/^no such overload: (.*)$/, 'there is no $1')
    .replace(/^found no matching overload for '(.*)'$/, 'there is no $1');
}

/** A value named in a message. */
export function describeJson(value: Json): string {
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === 'object' && value !== null) return `an object with ${Object.keys(value).length} keys`;
  const text = JSON.stringify(value);
  return text.length <= 60 ? text : `${text.slice(0, 60)}…`;
}
