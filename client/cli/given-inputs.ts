import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { InputDeclaration, PipelineDefinition } from '../../contracts/definition';
import type { Json, JsonObject } from '../../contracts/json';
import { suggestion } from '../../contracts/nearest-word';
import { UserError } from '../faults';

/** `name=value` arguments as the inputs a pipeline declares, with its defaults. Fails: UserError naming each. */
export function givenInputs(definition: PipelineDefinition, given: readonly string[], cwd: string): JsonObject {
  const inputs: JsonObject = {};
  for (const argument of given) {
    const { name, text } = splitArgument(argument, cwd);
    const declared = definition.inputs[name];
    if (!declared) throw unknownInput(definition, name);
    inputs[name] = valueOf(name, text, declared);
  }
  for (const [name, { default: value }] of Object.entries(definition.inputs)) {
    if (!(name in inputs) && value !== undefined) inputs[name] = value;
  }
  const missing = Object.keys(definition.inputs).filter((name) => !(name in inputs));
  if (missing.length === 0) return inputs;
  const wants = missing.map((name) => `--input ${name}=…`).join(' ');
  throw new UserError(
    `Pipeline "${definition.name}" needs ${missing.join(', ')}. Nothing was started.`,
    `Give ${wants}`,
  );
}

function splitArgument(argument: string, cwd: string): { readonly name: string; readonly text: string } {
  const equals = argument.indexOf('=');
  if (equals < 1) throw new UserError(`--input ${argument}: it must be name=value or name=@file.`);
  const [name, text] = [argument.slice(0, equals), argument.slice(equals + 1)];
  if (!text.startsWith('@')) return { name, text };
  try {
    return { name, text: readFileSync(path.resolve(cwd, text.slice(1)), 'utf8') };
  } catch (error) {
    throw new UserError(`--input ${argument}: ${(error as Error).message}`);
  }
}

function valueOf(name: string, text: string, { type }: InputDeclaration): Json {
  const wrong = () => new UserError(`Input "${name}" must be a ${type}, got "${text}". Nothing was started.`);
  switch (type) {
    case 'string':
      return text;
    case 'boolean':
      if (text !== 'true' && text !== 'false') throw wrong();
      return text === 'true';
    case 'number':
    case 'integer': {
      const value = text.trim() === '' ? Number.NaN : Number(text);
      if (!Number.isFinite(value) || (type === 'integer' && !Number.isInteger(value))) throw wrong();
      return value;
    }
    case 'any':
      return jsonOr(text);
  }
}

/** JSON where it is JSON, the text itself otherwise: `--input x=3` and `--input x=hello` both do what they say. */
function jsonOr(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return text;
  }
}

function unknownInput({ name: pipeline, inputs }: PipelineDefinition, name: string): UserError {
  const names = Object.keys(inputs);
  const hint = names.length === 0 ? 'It takes none.' : (suggestion(name, names) ?? `It takes ${names.join(', ')}.`);
  return new UserError(`Pipeline "${pipeline}" has no input "${name}". ${hint} Nothing was started.`);
}
