export { evaluate, evaluateBoolean } from './evaluate';
export { ExpressionError } from './expression-error';
export { prepareCommand, quoteCommand, RESERVED_VARIABLE } from './prepare-command';
export { parseTemplate, renderTemplate, renderValue } from './template';
export type { TemplatePart } from './template';
