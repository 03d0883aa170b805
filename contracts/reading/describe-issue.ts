import type { z } from 'zod';
import { nearestWord, suggestion } from '../nearest-word';
import { fieldProblem, problemAt } from '../pipeline/problem';
import type { Path, Problem } from '../pipeline/problem';
import { valueAt } from './values';
import { got, listWords, TYPE_WORDS } from './words';

/** What a finding of a schema was made of, for the messages. */
export interface Findings {
  readonly source: unknown;
  /** Places whose value is not repeated in a message: it may be a secret that somebody put there. */
  readonly isSecret?: (path: Path, value: unknown) => boolean;
}

const MISSING = 'is missing';

/** The error map for a schema that is read by {@link describeIssue}: what it says reads on from the field's name. */
export function wordIssue(issue: z.core.$ZodRawIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return issue.input === undefined ? MISSING : `must be ${TYPE_WORDS[issue.expected] ?? issue.expected}`;
    case 'invalid_value':
      return `must be ${listWords(issue.values.map(String))}`;
    case 'unrecognized_keys':
      // Not for people: carries the words that would have been known to where the issue is described.
      return knownKeys(issue.inst).join(' ');
    case 'too_small':
    case 'too_big':
      return boundOf(issue) ?? NOT_VALID;
    default:
      return NOT_VALID;
  }
}

const NOT_VALID = 'is not valid';

/** Of numbers; how long texts and lists may be is said where it is a rule. */
function boundOf(issue: z.core.$ZodRawIssue<z.core.$ZodIssueTooSmall | z.core.$ZodIssueTooBig>): string | undefined {
  if (!NUMBERS.has(issue.origin)) return undefined;
  const isLeast = issue.code === 'too_small';
  const bound = isLeast ? issue.minimum : issue.maximum;
  if (issue.inclusive === false) return `must be ${isLeast ? 'more' : 'less'} than ${bound}`;
  return `must be at ${isLeast ? 'least' : 'most'} ${bound}`;
}

const NUMBERS: ReadonlySet<string> = new Set(['number', 'int', 'bigint']);

/** The mistakes behind one finding, each with its place. */
export function describeIssue(issue: z.core.$ZodIssue, findings: Findings, at: Path = []): Problem[] {
  const path: Path = [...at, ...issue.path.map((key) => (typeof key === 'symbol' ? String(key) : key))];
  const value = valueAt(findings.source, path);
  switch (issue.code) {
    case 'unrecognized_keys': {
      const known = issue.message.split(' ');
      return issue.keys.map((key) => unknownKey([...path, key], known));
    }
    case 'invalid_key':
      return [badName(path, issue.issues[0])];
    case 'invalid_union':
      return describeUnion(issue, findings, path);
    case 'invalid_value': {
      const word = typeof value === 'string' ? nearestWord(value, issue.values.map(String)) : undefined;
      const hint = word === undefined ? undefined : `Did you mean "${word}"?`;
      return [fieldProblem(path, `${issue.message}${gotAt(path, value, findings)}`, { hint })];
    }
    default: {
      const said = value === undefined ? MISSING : issue.message;
      return [fieldProblem(path, isTooShort(issue) ? said : `${said}${gotAt(path, value, findings)}`)];
    }
  }
}

/** A misspelt field is also a missing one: once is enough. */
export function withoutEchoes(problems: readonly Problem[]): Problem[] {
  const meant = new Set(
    problems.flatMap(({ path, hint }) => {
      const word = /^Did you mean "(.*)"\?$/.exec(hint ?? '')?.[1];
      return word === undefined ? [] : [JSON.stringify([...path.slice(0, -1), word])];
    }),
  );
  return problems.filter(({ path, message }) => !message.endsWith(MISSING) || !meant.has(JSON.stringify(path)));
}

function gotAt(path: Path, value: unknown, { isSecret }: Findings): string {
  return isSecret?.(path, value) === true ? '' : got(value);
}

/** Of a list that lacks something it says nothing that it is a list. */
function isTooShort(issue: z.core.$ZodIssue): boolean {
  return issue.code === 'too_small' && issue.origin === 'array';
}

/** Of the forms a field may take, what was written was most likely meant as the one it has the type of. */
function describeUnion(issue: z.core.$ZodIssueInvalidUnion, findings: Findings, path: Path): Problem[] {
  const value = valueAt(findings.source, path);
  const meant = issue.errors.find((form) => !form.some((inner) => isOtherType(inner, value)));
  if (meant !== undefined) return meant.flatMap((inner) => describeIssue(inner, findings, path));
  const found = gotAt(path, value, findings);
  if (value === undefined) return [fieldProblem(path, MISSING)];
  if (issue.message !== NOT_VALID) return [fieldProblem(path, `${issue.message}${found}`)];
  const forms = issue.errors.flatMap((form) => form.flatMap(formsOf));
  return [fieldProblem(path, `must be ${listWords([...new Set(forms)])}${found}`)];
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

function badName(path: Path, rule: z.core.$ZodIssue | undefined): Problem {
  const name = String(path.at(-1));
  const hint = rule?.code === 'invalid_value' ? suggestion(name, rule.values.map(String)) : undefined;
  return problemAt(path, `the name "${name}" ${rule?.message ?? 'is not valid'}`, { hint, atKey: true });
}

function unknownKey(path: Path, known: readonly string[]): Problem {
  const key = String(path.at(-1));
  return problemAt(path, `there is no field "${key}"${inField(path)}`, { hint: suggestion(key, known), atKey: true });
}

function inField(path: Path): string {
  const { field } = problemAt(path.slice(0, -1), '');
  return field === undefined ? '' : ` in ${field}`;
}

/** The fields of an object, or the words that a record may have as keys. */
function knownKeys(schema: unknown): string[] {
  const { shape, keyType } = (schema as SchemaWithKeys | undefined)?._zod?.def ?? {};
  return [...Object.keys(shape ?? {}), ...(keyType?._zod?.values ?? [])].map(String);
}

/** What zod's types do not tell of a schema whose kind is not known. */
interface SchemaWithKeys {
  readonly _zod?: {
    readonly def?: {
      readonly shape?: Readonly<Record<string, unknown>>;
      readonly keyType?: { readonly _zod?: { readonly values?: Iterable<unknown> } };
    };
  };
}
