import type { Path } from '../pipeline/problem';

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
export function isOfBoundedSize(source: unknown): boolean {
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
