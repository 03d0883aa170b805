import { isMapping } from './values';

// How messages speak of values and their types.

export const TYPE_WORDS: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
  record: 'an object',
};

/** `, got "frontnd"`; of lists and objects only what they are. */
export function got(value: unknown): string {
  if (value === undefined) return '';
  if (!['string', 'number', 'boolean'].includes(typeof value)) return `, got ${nameOfType(value)}`;
  const text = JSON.stringify(value);
  return `, got ${text.length <= 40 ? text : `${text.slice(0, 40)}…`}`;
}

export function nameOfType(value: unknown): string {
  if (value === null || value === undefined) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  return isMapping(value) ? 'an object' : (TYPE_WORDS[typeof value] ?? typeof value);
}

/** `a, b or c`. */
export function listWords(words: readonly string[]): string {
  if (words.length <= 1) return words.join('');
  return `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`;
}
