import type { z } from 'zod';
import { problemAt } from '../pipeline/problem';
import type { Path, Problem } from '../pipeline/problem';
import { describeIssue, withoutEchoes, wordIssue, type Findings } from './describe-issue';
import { isMapping, isOfBoundedSize, valueAt } from './values';
import { nameOfType } from './words';

// All mistakes are reported at once: what does not fit the grammar is reported, left out, and the rest read again, so
// that the rules that need the whole file can have their say too.

/** What a file may hold, and how messages speak of it. */
export interface Grammar<T extends z.ZodType> extends Pick<Findings, 'isSecret'> {
  readonly schema: T;
  /** `a pipeline is an object with name and stages`. */
  readonly isWhat: string;
  /** `the pipeline`. */
  readonly called: string;
  /** The pieces no file can be read without, for one that lacks them. */
  readonly required: Readonly<Record<string, unknown>>;
}

export interface ReadSource<T> {
  /** The source without what was reported; absent when too little is left. */
  readonly file?: T;
  readonly problems: readonly Problem[];
}

/** Read a source by a grammar. Never throws. */
export function readByGrammar<T extends z.ZodType>(grammar: Grammar<T>, source: unknown): ReadSource<z.output<T>> {
  if (!isMapping(source)) return { problems: [problemAt([], `${grammar.isWhat}, got ${nameOfType(source)}`)] };
  if (!isOfBoundedSize(source))
    return { problems: [problemAt([], `${grammar.called} is too large or nested too deep`)] };
  const first = parse(grammar, source);
  if (first.success) return { file: first.data, problems: [] };
  const problems = withoutEchoes(describe(grammar, source, first.error));
  const file = readRest(grammar, source, problems);
  return file === undefined ? { problems } : { file, problems };
}

function parse<T extends z.ZodType>({ schema }: Grammar<T>, source: unknown): z.ZodSafeParseResult<z.output<T>> {
  return schema.safeParse(source, { error: wordIssue });
}

function describe({ isSecret }: Grammar<z.ZodType>, source: unknown, { issues }: z.ZodError): Problem[] {
  return issues.flatMap((issue) => describeIssue(issue, { source, ...(isSecret && { isSecret }) }));
}

/** Leave out what does not fit until the rest does. */
function readRest<T extends z.ZodType>(
  grammar: Grammar<T>,
  source: Record<string, unknown>,
  problems: readonly Problem[],
): z.output<T> | undefined {
  let rest: unknown = source;
  let paths = problems.map(({ path }) => path);
  for (let round = 0; round < 12; round += 1) {
    const base = rest;
    for (const path of paths) rest = leaveOut(grammar, rest, base, path);
    const parsed = parse(grammar, rest);
    if (parsed.success) return parsed.data;
    paths = describe(grammar, rest, parsed.error).map(({ path }) => path);
  }
  return undefined;
}

/** @param base What the issue at `path` was found in: `rest` may already lack the place. */
function leaveOut({ required }: Grammar<z.ZodType>, rest: unknown, base: unknown, path: Path): unknown {
  const lastList = path.findIndex((key) => typeof key === 'number');
  // What is missing cannot be left out, and a hole in a list would move its other items: then the whole goes.
  const whole = lastList >= 0 ? path.slice(0, lastList) : path;
  const target = valueAt(base, whole) === undefined && whole.length > 1 ? whole.slice(0, -1) : whole;
  return without(rest, target, required);
}

function without(value: unknown, path: Path, required: Readonly<Record<string, unknown>>): unknown {
  const [key, ...deeper] = path;
  if (key === undefined || !isMapping(value)) return value;
  const copy = new Map(Object.entries(value));
  if (deeper.length > 0) copy.set(String(key), without(value[key], deeper, {}));
  else if (Object.hasOwn(required, String(key))) copy.set(String(key), required[key]);
  else copy.delete(String(key));
  return Object.fromEntries(copy);
}
