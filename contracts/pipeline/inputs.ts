import type { InputDeclaration, PipelineDefinition } from '../definition';
import type { Json, JsonObject } from '../json';
import { suggestion } from '../nearest-word';
import { problemAt } from './problem';
import type { Problem } from './problem';

export type CheckedInputs = { readonly inputs: JsonObject } | { readonly problems: readonly Problem[] };

/**
 * The inputs of a run: what was given, of the declared types, and the defaults of the others. Text is converted, since
 * a command line gives nothing else.
 */
export function checkInputs(
  definition: Pick<PipelineDefinition, 'name' | 'inputs'>,
  given: Readonly<Record<string, Json>>,
): CheckedInputs {
  const names = Object.keys(definition.inputs);
  const problems = Object.keys(given)
    .filter((name) => !Object.hasOwn(definition.inputs, name))
    .map((name) => {
      const hint = names.length === 0 ? 'It takes none.' : suggestion(name, names);
      return problemAt(['inputs', name], `${definition.name} has no input "${name}"`, { hint });
    });
  const inputs = new Map<string, Json>();
  for (const [name, declaration] of Object.entries(definition.inputs)) {
    const value = Object.hasOwn(given, name) ? given[name] : declaration.default;
    if (value === undefined) {
      problems.push(
        problemAt(['inputs', name], `input "${name}" is missing`, { hint: describeInput(name, declaration) }),
      );
      continue;
    }
    const converted = convertInput(value, declaration.type);
    if ('value' in converted) inputs.set(name, converted.value);
    else problems.push(problemAt(['inputs', name], `input "${name}" ${converted.message}`));
  }
  return problems.length > 0 ? { problems } : { inputs: Object.fromEntries(inputs) };
}

function describeInput(name: string, { type, description }: InputDeclaration): string {
  const example = { string: 'text', number: '1.5', integer: '3', boolean: 'true', any: 'JSON' }[type];
  return `Give it with --input ${name}=${example}${description === undefined ? '' : ` (${description})`}.`;
}

type Converted = { readonly value: Json } | { readonly message: string };

/** A value as one of the declared type, from text when it says one plainly. */
export function convertInput(value: Json, type: InputDeclaration['type']): Converted {
  const text = typeof value === 'string' ? value : undefined;
  switch (type) {
    case 'string':
      return text === undefined ? wrong('text', value) : { value: text };
    case 'boolean':
      if (text === 'true' || text === 'false') return { value: text === 'true' };
      return typeof value === 'boolean' ? { value } : wrong('true or false', value);
    case 'number':
    case 'integer': {
      const number = text !== undefined && NUMBER.test(text) ? Number(text) : value;
      const fits = type === 'integer' ? Number.isSafeInteger(number) : Number.isFinite(number);
      return fits ? { value: number } : wrong(type === 'integer' ? 'a whole number' : 'a number', value);
    }
    case 'any':
      return { value: text === undefined ? value : parseOrText(text) };
  }
}

const NUMBER = /^-?\d+(?:\.\d+)?(?:e[+-]?\d+)?$/i;

/** Text that is JSON stands for what it says, other text for itself. */
function parseOrText(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return text;
  }
}

function wrong(wanted: string, value: Json): Converted {
  const text = JSON.stringify(value);
  return { message: `must be ${wanted}, got ${text.length <= 40 ? text : `${text.slice(0, 40)}…`}` };
}
