import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { PipelineDefinition } from '../../contracts/definition';
import type { JsonObject } from '../../contracts/json';
import { checkInputs, problemText } from '../../contracts/pipeline';
import { UserError } from '../faults';

/** `name=value` arguments as the inputs a pipeline declares, with its defaults. Fails: UserError with every mistake. */
export function givenInputs(definition: PipelineDefinition, given: readonly string[], cwd: string): JsonObject {
  const texts = Object.fromEntries(given.map((argument) => splitArgument(argument, cwd)));
  const checked = checkInputs(definition, texts);
  if ('inputs' in checked) return checked.inputs;
  throw new UserError(`${checked.problems.map(problemText).join('\n')}\nNothing was started.`);
}

function splitArgument(argument: string, cwd: string): readonly [name: string, text: string] {
  const equals = argument.indexOf('=');
  if (equals < 1) throw new UserError(`--input ${argument}: it must be name=value or name=@file.`);
  const [name, text] = [argument.slice(0, equals), argument.slice(equals + 1)];
  if (!text.startsWith('@')) return [name, text];
  try {
    return [name, readFileSync(path.resolve(cwd, text.slice(1)), 'utf8')];
  } catch (error) {
    throw new UserError(`--input ${argument}: ${(error as Error).message}`);
  }
}
