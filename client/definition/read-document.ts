import { readFile, stat } from 'node:fs/promises';
import { extname } from 'node:path';
import { isAlias, isCollection, isMap, isScalar, LineCounter, parseDocument } from 'yaml';
import type { Document, Node, Pair, YAMLError } from 'yaml';
import type { Path } from '../../contracts/pipeline';
import { DefinitionError } from './definition-error';
import type { LocatedProblem } from './definition-error';

export interface Place {
  readonly line: number;
  readonly column: number;
}

/** A file read as data, and where in it everything stands. */
export interface SourceDocument {
  /** As the user named it. */
  readonly file: string;
  readonly value: unknown;
  /** The place of what is at a path, or of the nearest thing above it that is there. */
  locate(path: Path, more?: { readonly offset?: number | undefined; readonly atKey?: boolean | undefined }): Place;
}

const MAX_BYTES = 1024 * 1024;
/** How often aliases may repeat what they stand for: enough for sharing, too little for a bomb. */
const MAX_ALIASES = 50;
const READABLE = new Set(['.yaml', '.yml', '.json']);

/** Read a YAML or JSON file. Fails: DefinitionError with every syntax error. */
export async function readDocument(file: string, path: string): Promise<SourceDocument> {
  if (!READABLE.has(extname(path).toLowerCase())) {
    throw fileError(file, 'is no pipeline file', 'A pipeline is data: a .yaml, .yml or .json file.');
  }
  const text = await readText(file, path);
  const lines = new LineCounter();
  const document = parseDocument(text, {
    lineCounter: lines,
    merge: false,
    uniqueKeys: true,
    stringKeys: true,
    prettyErrors: false,
    schema: extname(path).toLowerCase() === '.json' ? 'json' : 'core',
  });
  const errors = [...document.errors, ...document.warnings];
  if (errors.length > 0) throw new DefinitionError(errors.map((error) => describeSyntax(error, file, text, lines)));
  return { file, value: toValue(document, file), locate: (at, more) => locate(document, text, lines, at, more ?? {}) };
}

async function readText(file: string, path: string): Promise<string> {
  try {
    const found = await stat(path);
    if (!found.isFile()) throw fileError(file, 'is not a file', 'Name the pipeline file itself.');
    if (found.size > MAX_BYTES)
      throw fileError(file, 'is larger than 1 MB', 'Keep long texts in files that stages read.');
    return await readFile(path, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') throw fileError(file, 'does not exist', 'Look at the path.');
    if (code === 'EACCES') throw fileError(file, 'may not be read', 'Look at its permissions.');
    throw error;
  }
}

function toValue(document: Document, file: string): unknown {
  try {
    return document.toJS({ maxAliasCount: MAX_ALIASES });
  } catch {
    throw fileError(file, 'repeats too much through aliases', 'Write it out, or nest a pipeline.');
  }
}

/** A problem of the file as a whole. */
export function fileError(file: string, what: string, hint: string): DefinitionError {
  return new DefinitionError([{ path: [], message: `${file} ${what}`, hint, file, line: 1, column: 1 }]);
}

function describeSyntax(
  { code, message, pos }: YAMLError,
  file: string,
  text: string,
  lines: LineCounter,
): LocatedProblem {
  const { line, col } = lines.linePos(pos[0]);
  const unquoted = /unresolved plain scalar/i.test(message) ? 'text must stand in quotes' : undefined;
  const problem = unquoted ?? SYNTAX[code] ?? `${message.charAt(0).toLowerCase()}${message.slice(1)}`;
  // Two braces mean two mappings to YAML.
  const hint = text.split('\n')[line - 1]?.includes('{{') === true ? { hint: 'Put text with {{ }} in quotes.' } : {};
  return { path: [], message: problem, ...hint, file, line, column: col };
}

const SYNTAX: Partial<Record<YAMLError['code'], string>> = {
  DUPLICATE_KEY: 'this key stands here twice',
  TAB_AS_INDENT: 'a tab indents this line: YAML takes spaces only',
  MULTIPLE_DOCS: 'a second document begins here: a file holds one pipeline',
  NON_STRING_KEY: 'a key must be text',
  TAG_RESOLVE_FAILED: 'a tag stands here: only plain data is read',
};

type More = { readonly offset?: number | undefined; readonly atKey?: boolean | undefined };

function locate(document: Document, text: string, lines: LineCounter, path: Path, more: More): Place {
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

function offsetOf(key: Node | undefined, value: Node | undefined, complete: boolean, text: string, more: More): number {
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
