import type { ExpressionScope, Template } from '../definition';
import type { Json } from '../json';
import { evaluate } from './evaluate';
import { ExpressionError } from './expression-error';

export type TemplatePart =
  | { readonly kind: 'text'; readonly text: string }
  | {
      readonly kind: 'hole';
      readonly expression: string;
      /** Characters of the template before the expression. */
      readonly offset: number;
    };

/** Split a template at its `{{ … }}` holes. Fails: ExpressionError for a hole that is empty or never closed. */
export function parseTemplate(template: Template): TemplatePart[] {
  const parts: TemplatePart[] = [];
  let position = 0;
  for (;;) {
    const open = template.indexOf('{{', position);
    const text = template.slice(position, open < 0 ? undefined : open);
    if (text !== '') parts.push({ kind: 'text', text });
    if (open < 0) return parts;
    const close = endOfHole(template, open + 2);
    const expression = template.slice(open + 2, close);
    if (expression.trim() === '') throw new ExpressionError('{{ }} holds no expression', template, open, LITERAL);
    parts.push({ kind: 'hole', expression, offset: open + 2 });
    position = close + 2;
  }
}

const LITERAL = 'For two literal braces write {{ "{{" }}.';

/** The template with every hole replaced: text as it is, everything else as JSON. Fails: ExpressionError. */
export function renderTemplate(template: Template, scope: ExpressionScope): string {
  return parseTemplate(template)
    .map((part) => (part.kind === 'text' ? part.text : renderText(evaluate(part.expression, scope))))
    .join('');
}

/** As {@link renderTemplate}, but a template that is one hole and nothing else gives the value itself. */
export function renderValue(template: Template, scope: ExpressionScope): Json {
  const parts = parseTemplate(template);
  const [only] = parts;
  return parts.length === 1 && only?.kind === 'hole'
    ? evaluate(only.expression, scope)
    : renderTemplate(template, scope);
}

/** A value as the text that stands for it in a template. */
export function renderText(value: Json): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** Where `}}` ends the hole: not in a string, a comment or an object literal of the expression. */
function endOfHole(template: string, start: number): number {
  let depth = 0;
  let position = start;
  while (position < template.length) {
    const char = template[position]!;
    if (char === '"' || char === "'") {
      position = endOfString(template, position, start);
      continue;
    }
    if (char === '{') depth += 1;
    if (char === '}' && depth === 0 && template[position + 1] === '}') return position;
    if (char === '}') depth = Math.max(0, depth - 1);
    position += 1;
  }
  throw new ExpressionError('{{ is never closed with }}', template, start - 2, LITERAL);
}

/** Past the closing quote of a CEL string: one or three quotes. */
function endOfString(template: string, start: number, holeStart: number): number {
  const quote = template[start]!;
  const closing = template.startsWith(quote.repeat(3), start) ? quote.repeat(3) : quote;
  let position = start + closing.length;
  while (position < template.length) {
    if (template.startsWith(closing, position)) return position + closing.length;
    position += template[position] === '\\' ? 2 : 1;
  }
  throw new ExpressionError('a string is never closed', template, holeStart - 2, LITERAL);
}
