import { nearestWord } from '../nearest-word';
import { fieldName, problemAt, type Path, type Problem } from '../pipeline/problem';
import { readDocumentText } from '../reading/document';
import { isMapping } from '../reading/values';
import type { Origin } from './config-problem';
import { setIn, type Environment } from './from-environment';
import { isText, partsOf, schemaRoot, type Parts, type SchemaPlace } from './schema-walk';

/** What every variable that stands above the file begins with. */
export const OVERRIDE_PREFIX = 'GANTRY__';

export interface Overridden {
  /** The source with what the variables say in place of it. */
  readonly source: unknown;
  readonly origins: readonly Origin[];
  readonly problems: readonly (Problem & { readonly variable: string })[];
}

/**
 * A source with everything that variables such as `GANTRY__PROVIDERS__ANTHROPIC__BASE_URL` say above it: two underscores
 * part the levels, one stands for what is no letter or digit, values are YAML. One that is blank is not there.
 */
export function withOverrides(source: unknown, env: Environment): Overridden {
  const origins: Origin[] = [];
  const problems: (Problem & { variable: string })[] = [];
  let current = source;
  const variables = variablesIn(env);
  if (variables.length === 0) return { source, origins, problems };
  const root = schemaRoot();
  for (const variable of variables) {
    const override = readOverride(variable, setIn(env, variable) ?? '', current, root);
    if ('problem' in override) {
      problems.push({ ...override.problem, variable });
      continue;
    }
    origins.push({ path: override.path, variable });
    current = placed(current, override.path, override.value);
  }
  return { source: current, origins, problems };
}

/** Whole parts before what is in them. */
function variablesIn(env: Environment): string[] {
  const names = Object.keys(env).filter((name) => name.startsWith(OVERRIDE_PREFIX) && setIn(env, name) !== undefined);
  return names.sort((a, b) => a.split('__').length - b.split('__').length || (a < b ? -1 : 1));
}

type Override = { readonly path: Path; readonly value: unknown } | { readonly problem: Problem };

function readOverride(variable: string, text: string, source: unknown, root: SchemaPlace): Override {
  const words = variable.slice(OVERRIDE_PREFIX.length).split('__');
  let path: Path = [];
  let place = root;
  let current = source;
  for (const [index, word] of words.entries()) {
    const parts = partsOf(place, current, path.length === 1 && path[0] === 'providers');
    const keys = keysMeant(parts, word, current);
    const [key] = keys;
    const next = key === undefined ? undefined : parts?.get(key);
    if (key === undefined || next === undefined || keys.length > 1) {
      return { problem: notOne(path, keys, { parts, words, index }) };
    }
    path = [...path, key];
    place = next;
    current = isMapping(current) || Array.isArray(current) ? Reflect.get(current, key) : undefined;
  }
  return valueOf(variable, text, path, place);
}

/** `_` for whatever is no letter or digit; in lists the number from 1, or the name. */
function keysMeant(parts: Parts | undefined, word: string, current: unknown): (string | number)[] {
  return [...(parts?.keys() ?? [])].filter((key) => spellings(key, current).includes(word.toUpperCase()));
}

function spellings(key: string | number, current: unknown): string[] {
  if (typeof key === 'string') return [spelt(key)];
  const item: unknown = Array.isArray(current) ? current[key] : undefined;
  const name = isMapping(item) ? item['name'] : undefined;
  return [String(key + 1), ...(typeof name === 'string' ? [spelt(name)] : [])];
}

function spelt(key: string): string {
  return key.toUpperCase().replace(/[^A-Z0-9]+/g, '_');
}

function notOne(
  path: Path,
  keys: readonly (string | number)[],
  { parts, words, index }: { parts: Parts | undefined; words: readonly string[]; index: number },
): Problem {
  const where = path.length === 0 ? 'the configuration' : fieldName(path);
  if (keys.length > 1) return problemAt(path, `means both ${keys.join(' and ')} in ${where}: set ${where} as a whole`);
  const word = words[index] ?? '';
  const known = [...(parts?.keys() ?? [])].map((key) => (typeof key === 'number' ? String(key + 1) : spelt(key)));
  if (parts === undefined) return problemAt(path, `${where} has no parts, so that "${word}" means nothing in it`);
  const near = nearestWord(word, known);
  const meant = near && OVERRIDE_PREFIX + [...words.slice(0, index), near, ...words.slice(index + 1)].join('__');
  const listed = known.length > 0 && known.length <= 16 ? `There is ${known.join(', ')}.` : undefined;
  return problemAt(path, `there is no "${word}" in ${where}`, { hint: meant ? `Did you mean ${meant}?` : listed });
}

function valueOf(variable: string, text: string, path: Path, place: SchemaPlace): Override {
  const read = readDocumentText(text, variable, YAML);
  if ('problems' in read)
    return { problem: { ...read.problems[0], path, message: `is no YAML: ${read.problems[0].message}` } };
  const { value } = read.document;
  const wanted = isText(place) && ['number', 'boolean'].includes(typeof value) ? text : value;
  return { path, value: wanted };
}

const YAML = {
  syntax: 'yaml',
  one: 'one value',
  insteadOfAliases: 'Write it out.',
  hasExpressions: false,
} as const;

/** A copy in which a value stands at a path; what leads there is made. */
function placed(source: unknown, path: Path, value: unknown): unknown {
  const [key, ...deeper] = path;
  if (key === undefined) return value;
  if (typeof key === 'number' && Array.isArray(source)) {
    return source.map((item: unknown, at) => (at === key ? placed(item, deeper, value) : item));
  }
  const mapping = isMapping(source) ? source : {};
  return { ...mapping, [key]: placed(mapping[key], deeper, value) };
}
