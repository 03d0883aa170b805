export { checkCommand, checkExpression, checkTemplate } from './check';
export type { ExpressionEnvironment, TextProblem } from './check';
export { evaluate, evaluateBoolean } from './evaluate';
export { ExpressionError } from './expression-error';
export { prepareCommand, RESERVED_VARIABLE } from './prepare-command';
export { parseTemplate, renderTemplate, renderValue } from './template';
export { ANY, BOOLEAN, NUMBER, TEXT, typeOfShape } from './value-type';
export type { ObjectType, ValueType } from './value-type';
