/** Texts longer than this go to the artifact store and travel by reference. */
export const INLINE_LIMIT_BYTES = 4 * 1024;

/** A stage's output larger than this goes to the artifact store too, and expressions see only a reference to it. */
export const OUTPUT_LIMIT_BYTES = 64 * 1024;

/** How much of a stored text is shown beside its reference, from its start and from its end. */
export const EXCERPT_BYTES = 2 * 1024;

/**
 * A text of any length. Short ones travel as they are; long ones live in the artifact store, so that histories
 * and memos stay small, and carry an excerpt for people.
 */
export type Text =
  | { readonly inline: string }
  | {
      /** `sha256:<hex>`: the content's own hash. */
      readonly artifact: string;
      readonly bytes: number;
      readonly head: string;
      readonly tail: string;
    };

/** The text, or what is known of it without the store. */
export function excerpt(text: Text): string {
  if ('inline' in text) return text.inline;
  return `${text.head}\n… ${text.bytes} bytes in all …\n${text.tail}`;
}

/** The end of a text, at most `limit` characters: where a failing command says why. */
export function tailOf(text: Text, limit = EXCERPT_BYTES): string {
  const source = 'inline' in text ? text.inline : text.tail;
  return source.length <= limit ? source : `…${source.slice(-limit)}`;
}
