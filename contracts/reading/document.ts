import { LineCounter, parseDocument } from 'yaml';
import type { Document, YAMLError } from 'yaml';
import type { Path } from '../pipeline/problem';
import { locate, type Place, type PlaceDetails } from './locate';
import type { LocatedProblem } from './located-problem';

/** A text read as data, and where in it everything stands. */
export interface SourceDocument {
  /** As the user named it. */
  readonly file: string;
  readonly value: unknown;
  /** The place of what is at a path, or of the nearest thing above it that is there. */
  locate(path: Path, more?: PlaceDetails): Place;
}

/** How messages speak of what a document holds. */
export interface DocumentKind {
  readonly syntax: 'yaml' | 'json';
  /** `one pipeline`: what a file may hold and no more. */
  readonly one: string;
  /** What to do where aliases repeat too much. */
  readonly insteadOfAliases: string;
  /** Braces in braces mean two mappings to YAML: whether people write expressions so. */
  readonly hasExpressions: boolean;
}

export type ReadDocument =
  { readonly document: SourceDocument } | { readonly problems: readonly [LocatedProblem, ...LocatedProblem[]] };

/** How often aliases may repeat what they stand for: enough for sharing, too little for a bomb. */
const MAX_ALIASES = 50;

/** Read YAML or JSON as plain data. Every syntax error comes back at once. */
export function readDocumentText(text: string, file: string, kind: DocumentKind): ReadDocument {
  const lines = new LineCounter();
  const document = parseDocument(text, {
    lineCounter: lines,
    merge: false,
    uniqueKeys: true,
    stringKeys: true,
    prettyErrors: false,
    schema: kind.syntax === 'json' ? 'json' : 'core',
  });
  const [first, ...more] = [...document.errors, ...document.warnings].map((error) =>
    describeSyntax(error, file, text, lines, kind),
  );
  if (first !== undefined) return { problems: [first, ...more] };
  const read = toValue(document);
  if (read === undefined) {
    return { problems: [wholeFile(file, 'repeats too much through aliases', kind.insteadOfAliases)] };
  }
  return {
    document: { file, value: read.value, locate: (at, details) => locate(document, text, lines, at, details ?? {}) },
  };
}

/** A problem of a file as a whole. */
export function wholeFile(file: string, what: string, hint: string): LocatedProblem {
  return { path: [], message: `${file} ${what}`, hint, file, line: 1, column: 1 };
}

function toValue(document: Document): { readonly value: unknown } | undefined {
  try {
    return { value: document.toJS({ maxAliasCount: MAX_ALIASES }) as unknown };
  } catch {
    return undefined;
  }
}

function describeSyntax(
  { code, message, pos }: YAMLError,
  file: string,
  text: string,
  lines: LineCounter,
  { one, hasExpressions }: DocumentKind,
): LocatedProblem {
  const { line, col } = lines.linePos(pos[0]);
  const unquoted = /unresolved plain scalar/i.test(message) ? 'text must stand in quotes' : undefined;
  const second = code === 'MULTIPLE_DOCS' ? `a second document begins here: a file holds ${one}` : undefined;
  const problem = unquoted ?? second ?? SYNTAX[code] ?? `${message.charAt(0).toLowerCase()}${message.slice(1)}`;
  const braces = hasExpressions && text.split('\n')[line - 1]?.includes('{{') === true;
  const hint = braces ? { hint: 'Put text with {{ }} in quotes.' } : {};
  return { path: [], message: problem, ...hint, file, line, column: col };
}

const SYNTAX: Partial<Record<YAMLError['code'], string>> = {
  DUPLICATE_KEY: 'this key stands here twice',
  TAB_AS_INDENT: 'a tab indents this line: YAML takes spaces only',
  NON_STRING_KEY: 'a key must be text',
  TAG_RESOLVE_FAILED: 'a tag stands here: only plain data is read',
};
