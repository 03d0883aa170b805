/**
 * An expression or template that cannot be read or has no value. A plain error: a workflow turns it into the
 * failure `Expression.Failed`, since a bare one would only make its task fail again and again.
 */
export class ExpressionError extends Error {
  override readonly name = 'ExpressionError';

  /**
   * @param expression The text `offset` counts in: an expression, or a whole template when its holes cannot be told.
   * @param offset Characters before the place of the mistake.
   * @param hint What to do about it, a sentence.
   */
  constructor(
    readonly problem: string,
    readonly expression: string,
    readonly offset: number,
    readonly hint?: string,
  ) {
    super(`${problem}, in ${JSON.stringify(shorten(expression))}.${hint === undefined ? '' : ` ${hint}`}`);
  }
}

function shorten(text: string): string {
  return text.length <= 120 ? text : `${text.slice(0, 120)}…`;
}
