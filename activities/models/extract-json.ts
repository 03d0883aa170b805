import type { Json } from '../../contracts/json';

/**
 * The JSON in a model's answer: all of it, a fenced block, or the first object or list in the prose that parses.
 * Undefined when there is none.
 */
export function extractJson(answer: string): { readonly value: Json } | undefined {
  // Some local models think aloud first, often in drafts of the JSON to come.
  const text = answer.replace(/^\s*<think>[\s\S]*?<\/think>/, '').trim();
  return parse(text) ?? firstOf(fencedBlocks(text)) ?? firstOf(bracketed(text));
}

function firstOf(texts: Iterable<string>): { value: Json } | undefined {
  for (const text of texts) {
    const found = parse(text);
    if (found) return found;
  }
  return undefined;
}

function parse(text: string): { value: Json } | undefined {
  try {
    return { value: JSON.parse(text) as Json };
  } catch {
    return undefined;
  }
}

function* fencedBlocks(text: string): Iterable<string> {
  // A block may hold strings with fences in them, so each opening is tried with each later closing.
  const fences = [...text.matchAll(/^[ \t]*```.*$/gm)];
  for (const [index, opening] of fences.entries()) {
    const from = opening.index + opening[0].length;
    for (const closing of fences.slice(index + 1, index + 6)) yield text.slice(from, closing.index).trim();
  }
}

/** Each stretch from an opening bracket to the one that closes it; strings are skipped over. */
function* bracketed(text: string): Iterable<string> {
  let from = 0;
  // Prose with thousands of stray brackets is not worth a quadratic search.
  for (let tries = 0; tries < 200; tries++) {
    const offset = text.slice(from).search(/[{[]/);
    if (offset < 0) return;
    const start = from + offset;
    const end = closingOf(text, start);
    if (end !== undefined) yield text.slice(start, end + 1);
    from = start + 1;
  }
}

function closingOf(text: string, start: number): number | undefined {
  let depth = 0;
  let quoted = false;
  for (let at = start; at < text.length; at++) {
    const char = text[at];
    if (quoted) {
      if (char === '\\') at++;
      else if (char === '"') quoted = false;
    } else if (char === '"') quoted = true;
    else if (char === '{' || char === '[') depth++;
    else if ((char === '}' || char === ']') && --depth === 0) return at;
  }
  return undefined;
}
