import type { PreparedCommand } from '../activities';
import type { ExpressionScope, Template } from '../definition';
import { evaluate } from './evaluate';
import { ExpressionError } from './expression-error';
import { quoteReferences } from './shell-quoting';
import type { ShellPiece } from './shell-quoting';
import { parseTemplate, renderTemplate, renderText } from './template';
import type { TemplatePart } from './template';

/** Linux takes 128 KiB for one variable, name and end included. */
const VARIABLE_LIMIT_BYTES = 128 * 1024 - 64;

/** Names of variables that gantry sets itself. */
export const RESERVED_VARIABLE = /^GANTRY_/;

type Hole = Extract<TemplatePart, { kind: 'hole' }>;

/**
 * A command template made ready for `sh`: each hole becomes a reference to a variable that holds its value, quoted for
 * where it stands, so that no value is ever program text and each arrives as it is.
 * @param extra `env` are the stage's own variables, templates too; `secrets` are names.
 * Fails: ExpressionError, also for a place in the program where no value can safely stand.
 */
export function prepareCommand(
  template: Template,
  scope: ExpressionScope,
  extra: { readonly env: Readonly<Record<string, Template>>; readonly secrets: readonly string[] },
): PreparedCommand {
  const { command, holes } = quoteCommand(template);
  const values = holes.map((hole, index): [string, string] => {
    return [variableName(index), checkVariable(renderText(evaluate(hole.expression, scope)), hole.expression)];
  });
  const own = Object.entries(extra.env).map(([name, text]): [string, string] => {
    return [name, checkVariable(renderTemplate(text, scope), text)];
  });
  return { command, env: Object.fromEntries([...own, ...values]), secrets: extra.secrets };
}

/** The program text of a command template, and its holes in the order of their variables. Fails: ExpressionError. */
export function quoteCommand(template: Template): { command: string; holes: Hole[] } {
  const holes: Hole[] = [];
  const pieces = parseTemplate(template).map((part): ShellPiece => {
    return part.kind === 'text' ? part.text : { value: holes.push(part) - 1 };
  });
  const quoted = quoteReferences(pieces, variableName);
  if ('program' in quoted) return { command: quoted.program, holes };
  const { value, problem, hint } = quoted.refused;
  throw new ExpressionError(problem, template, holes[value]!.offset, hint);
}

function variableName(index: number): string {
  return `GANTRY_V${index + 1}`;
}

function checkVariable(value: string, source: string): string {
  if (value.includes('\0')) throw new ExpressionError('a value holds a NUL character', source, 0);
  if (value.length * 3 > VARIABLE_LIMIT_BYTES && new TextEncoder().encode(value).length > VARIABLE_LIMIT_BYTES) {
    const hint = 'Have the command read it from a file.';
    throw new ExpressionError('a value is too long for a command (over 128 KiB)', source, 0, hint);
  }
  return value;
}
