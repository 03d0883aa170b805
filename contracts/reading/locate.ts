import { isAlias, isCollection, isMap, isScalar } from 'yaml';
import type { Document, LineCounter, Node, Pair } from 'yaml';
import type { Path } from '../pipeline/problem';

/** Line and column count from 1. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

export interface PlaceDetails {
  /** Characters before the place in the text at the path. */
  readonly offset?: number | undefined;
  /** The last key of the path itself, and not what stands there. */
  readonly atKey?: boolean | undefined;
}

/** The place of what is at a path, or of the nearest thing above it that is there. */
export function locate(document: Document, text: string, lines: LineCounter, path: Path, more: PlaceDetails): Place {
  const { key, value, complete } = walk(document, path);
  const { line, col } = lines.linePos(offsetOf(key, value, complete, text, more));
  return { line, column: col };
}

interface Found {
  readonly key: Node | undefined;
  readonly value: Node | undefined;
  readonly complete: boolean;
}

function walk(document: Document, path: Path): Found {
  let found: Found = { key: undefined, value: resolve(document, document.contents), complete: true };
  for (const step of path) {
    const next = stepInto(document, found.value, step);
    if (next === undefined) return { ...found, complete: false };
    found = { ...next, complete: true };
  }
  return found;
}

function stepInto(
  document: Document,
  node: Node | undefined,
  step: string | number,
): Omit<Found, 'complete'> | undefined {
  if (!isCollection(node)) return undefined;
  if (isMap(node)) {
    const pair = node.items.find((item: Pair) => isScalar(item.key) && String(item.key.value) === String(step));
    return pair === undefined ? undefined : { key: pair.key as Node, value: resolve(document, pair.value) };
  }
  const item: unknown = typeof step === 'number' ? node.items[step] : undefined;
  return item === undefined ? undefined : { key: undefined, value: resolve(document, item) };
}

/** What an alias stands for is where its mistakes are. */
function resolve(document: Document, node: unknown): Node | undefined {
  const target: unknown = isAlias(node) ? node.resolve(document) : node;
  return isScalar(target) || isCollection(target) ? target : undefined;
}

function offsetOf(
  key: Node | undefined,
  value: Node | undefined,
  complete: boolean,
  text: string,
  more: PlaceDetails,
): number {
  const keyStart = key?.range?.[0];
  const valueStart = value?.range?.[0];
  const isBlock = isCollection(value) && value.flow !== true;
  const isEmpty = value?.range !== undefined && value.range !== null && value.range[0] === value.range[1];
  if (more.atKey === true || !complete || isBlock || isEmpty) return keyStart ?? valueStart ?? 0;
  if (valueStart === undefined) return keyStart ?? 0;
  return more.offset === undefined || more.offset === 0
    ? valueStart
    : offsetInText(value, valueStart, text, more.offset);
}

/** The place within a text, when it can be told; else where it begins. */
function offsetInText(value: Node | undefined, start: number, text: string, offset: number): number {
  if (!isScalar(value) || typeof value.value !== 'string') return start;
  if (value.type === 'BLOCK_LITERAL') return offsetInBlock(value.value, start, text, offset);
  const quoted = value.type === 'PLAIN' ? 0 : 1;
  return text.startsWith(value.value, start + quoted) ? start + quoted + offset : start;
}

function offsetInBlock(value: string, start: number, text: string, offset: number): number {
  const before = value.slice(0, offset).split('\n');
  const line = value.split('\n')[before.length - 1] ?? '';
  let lineStart = text.indexOf('\n', start) + 1;
  for (let skipped = 1; skipped < before.length; skipped += 1) lineStart = text.indexOf('\n', lineStart) + 1;
  const lineEnd = text.indexOf('\n', lineStart);
  const indent = text.slice(lineStart, lineEnd < 0 ? undefined : lineEnd).indexOf(line);
  return indent < 0 ? start : lineStart + indent + (before.at(-1) ?? '').length;
}
