import type { z } from 'zod';
import { pipelineFile } from '../schemas/pipeline';
import type { PipelineFile } from '../schemas/pipeline';
import { nearestWord, suggestion } from '../nearest-word';
import { fieldProblem, problemAt } from './problem';
import type { Path, Problem } from './problem';

// All mistakes are reported at once: what does not fit the grammar is reported, left out, and the rest read again, so
// that the rules that need the whole file can have their say too.

export interface ReadSource {
  /** The source without what was reported; absent when too little is left. */
  readonly file?: PipelineFile;
  readonly problems: readonly Problem[];
}

/** Read a source by the grammar. */
export function readSource(source: unknown): ReadSource {
  if (!isMapping(source)) {
    return { problems: [problemAt([], `a pipeline is an object with name and stages, got ${nameOfType(source)}`)] };
  }
  if (!isOfBoundedSize(source)) return { problems: [problemAt([], 'the pipeline is too large or nested too deep')] };
  const first = parse(source);
  if (first.success) return { file: first.data, problems: [] };
  const problems = withoutEchoes(first.error.issues.flatMap((issue) => describeIssue(issue, source, [])));
  const file = readRest(source, problems);
  return file === undefined ? { problems } : { file, problems };
}

/** The error map words each finding; what it says reads on from the field's name. */
function parse(source: unknown) {
  return pipelineFile.safeParse(source, { error: wordIssue });
}

function wordIssue(issue: z.core.$ZodRawIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return issue.input === undefined ? MISSING : `must be ${TYPE_WORDS[issue.expected] ?? issue.expected}`;
    case 'invalid_value':
      return `must be ${listWords(issue.values.map(String))}`;
    case 'unrecognized_keys':
      // Not for people: carries the words that would have been known to where the issue is described.
      return Object.keys(shapeOf(issue.inst)).join(' ');
    default:
      return 'is not valid';
  }
}

const MISSING = 'is missing';

const TYPE_WORDS: Record<string, string> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
  record: 'an object',
};

function describeIssue(issue: z.core.$ZodIssue, source: unknown, at: Path): Problem[] {
  const path: Path = [...at, ...issue.path.map((key) => (typeof key === 'symbol' ? String(key) : key))];
  const value = valueAt(source, path);
  switch (issue.code) {
    case 'unrecognized_keys': {
      const known = issue.message.split(' ');
      return issue.keys.map((key) => unknownKey([...path, key], known));
    }
    case 'invalid_key': {
      const name = String(path.at(-1));
      return [problemAt(path, `the name "${name}" ${issue.issues[0]?.message ?? 'is not valid'}`, { atKey: true })];
    }
    case 'invalid_union':
      return describeUnion(issue, source, path);
    case 'invalid_value': {
      const word = typeof value === 'string' ? nearestWord(value, issue.values.map(String)) : undefined;
      const hint = word === undefined ? undefined : `Did you mean "${word}"?`;
      return [fieldProblem(path, `${issue.message}${got(value)}`, { hint })];
    }
    default:
      return [fieldProblem(path, value === undefined ? MISSING : `${issue.message}${got(value)}`)];
  }
}

/** Of the forms a field may take, what was written was most likely meant as the one it has the type of. */
function describeUnion(issue: z.core.$ZodIssueInvalidUnion, source: unknown, path: Path): Problem[] {
  const value = valueAt(source, path);
  const meant = issue.errors.find((form) => !form.some((inner) => isOtherType(inner, value)));
  if (meant !== undefined) return meant.flatMap((inner) => describeIssue(inner, source, path));
  if (issue.message !== 'is not valid') return [fieldProblem(path, `${issue.message}${got(value)}`)];
  const forms = issue.errors.flatMap((form) => form.flatMap(formsOf));
  return [fieldProblem(path, `must be ${listWords([...new Set(forms)])}${got(value)}`)];
}

function isOtherType(issue: z.core.$ZodIssue, value: unknown): boolean {
  if (issue.path.length > 0) return false;
  if (issue.code === 'invalid_union') {
    return issue.errors.every((form) => form.some((inner) => isOtherType(inner, value)));
  }
  return issue.code === 'invalid_type' || (issue.code === 'invalid_value' && typeof value !== typeof issue.values[0]);
}

function formsOf(issue: z.core.$ZodIssue): string[] {
  if (issue.path.length > 0) return [];
  if (issue.code === 'invalid_union') return issue.errors.flatMap((form) => form.flatMap(formsOf));
  if (issue.code === 'invalid_value') return issue.values.map(String);
  return issue.code === 'invalid_type' ? [TYPE_WORDS[issue.expected] ?? issue.expected] : [];
}

/** A misspelt field is also a missing one: once is enough. */
function withoutEchoes(problems: readonly Problem[]): Problem[] {
  const meant = new Set(
    problems.flatMap(({ path, hint }) => {
      const word = /^Did you mean "(.*)"\?$/.exec(hint ?? '')?.[1];
      return word === undefined ? [] : [JSON.stringify([...path.slice(0, -1), word])];
    }),
  );
  return problems.filter(({ path, message }) => !message.endsWith(MISSING) || !meant.has(JSON.stringify(path)));
}

function unknownKey(path: Path, known: readonly string[]): Problem {
  const key = String(path.at(-1));
  return problemAt(path, `there is no field "${key}"${inField(path)}`, { hint: suggestion(key, known), atKey: true });
}

function inField(path: Path): string {
  const { field } = problemAt(path.slice(0, -1), '');
  return field === undefined ? '' : ` in ${field}`;
}

/** Leave out what does not fit until the rest does. */
function readRest(source: Record<string, unknown>, problems: readonly Problem[]): PipelineFile | undefined {
  let rest: unknown = source;
  let paths = problems.map(({ path }) => path);
  for (let round = 0; round < 12; round += 1) {
    const base = rest;
    for (const path of paths) rest = leaveOut(rest, base, path);
    const parsed = parse(rest);
    if (parsed.success) return parsed.data;
    paths = parsed.error.issues.flatMap((issue) => describeIssue(issue, rest, []).map(({ path }) => path));
  }
  return undefined;
}

/** The pieces no pipeline can be read without, for one that lacks them. */
const REQUIRED: Record<string, unknown> = { name: 'unnamed', stages: {} };

/** @param base What the issue at `path` was found in: `rest` may already lack the place. */
function leaveOut(rest: unknown, base: unknown, path: Path): unknown {
  const lastList = path.findIndex((key) => typeof key === 'number');
  // What is missing cannot be left out, and a hole in a list would move its other items: then the whole goes.
  const whole = lastList >= 0 ? path.slice(0, lastList) : path;
  const target = valueAt(base, whole) === undefined && whole.length > 1 ? whole.slice(0, -1) : whole;
  return without(rest, target);
}

function without(value: unknown, path: Path, top = true): unknown {
  const [key, ...deeper] = path;
  if (key === undefined || !isMapping(value)) return value;
  const copy = new Map(Object.entries(value));
  if (deeper.length > 0) copy.set(String(key), without(value[key], deeper, false));
  else if (top && Object.hasOwn(REQUIRED, String(key))) copy.set(String(key), REQUIRED[key]);
  else copy.delete(String(key));
  return Object.fromEntries(copy);
}

/** What stands at a path of any JSON value. */
export function valueAt(value: unknown, path: Path): unknown {
  let current = value;
  for (const key of path) {
    if (typeof current !== 'object' || current === null || !Object.hasOwn(current, key)) return undefined;
    current = (current as Record<string | number, unknown>)[key];
  }
  return current;
}

export function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const MAX_DEPTH = 64;
const MAX_VALUES = 200_000;

/** So that reading ends, also for an object that holds itself. */
function isOfBoundedSize(source: unknown): boolean {
  const open: [value: unknown, depth: number][] = [[source, 0]];
  let values = 0;
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const [value, depth] = next;
    values += 1;
    if (depth > MAX_DEPTH || values > MAX_VALUES) return false;
    if (typeof value !== 'object' || value === null) continue;
    for (const inner of Object.values(value)) open.push([inner, depth + 1]);
  }
  return true;
}

function shapeOf(schema: unknown): Record<string, unknown> {
  const shape = (schema as { _zod?: { def?: { shape?: Record<string, unknown> } } } | undefined)?._zod?.def?.shape;
  return shape ?? {};
}

function got(value: unknown): string {
  if (value === undefined) return '';
  if (!['string', 'number', 'boolean'].includes(typeof value)) return `, got ${nameOfType(value)}`;
  const text = JSON.stringify(value);
  return `, got ${text.length <= 40 ? text : `${text.slice(0, 40)}…`}`;
}

function nameOfType(value: unknown): string {
  if (value === null || value === undefined) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  return isMapping(value) ? 'an object' : (TYPE_WORDS[typeof value] ?? typeof value);
}

function listWords(words: readonly string[]): string {
  if (words.length <= 1) return words.join('');
  return `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`;
}
