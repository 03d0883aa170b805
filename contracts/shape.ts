/**
 * The declared shape of an output or an input, as written in a pipeline file:
 *
 * `string` `number` `integer` `boolean` `any`   a value of that type
 * `approve | revise`                            one of these words
 * `[shape]`                                     a list
 * `{ title: string, notes?: string }`           an object; a key ending in `?` may be missing
 */
export type Shape = string | Shape[] | { [key: string]: Shape };

export const SCALAR_SHAPES = ['string', 'number', 'integer', 'boolean', 'any'] as const;
export type ScalarShape = (typeof SCALAR_SHAPES)[number];

export function isScalarShape(text: string): text is ScalarShape {
  return (SCALAR_SHAPES as readonly string[]).includes(text);
}

/** The words of an `a | b` shape, or undefined when the text is not one. */
export function shapeWords(text: string): string[] | undefined {
  if (!text.includes('|')) return undefined;
  return text.split('|').map((word) => word.trim());
}
