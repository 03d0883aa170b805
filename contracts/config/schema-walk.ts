import { isMapping } from '../reading/values';
import { configJsonSchema, type ConfigJsonSchema } from '../schemas/config-json-schema';
import { VENDORS } from '../schemas/config/providers';

// Names of variables have neither case nor dashes: which field is meant is found by walking the schema and the source.

/** What may be set at a place of the configuration. */
export interface SchemaPlace {
  readonly schema: ConfigJsonSchema;
  readonly definitions: Readonly<Record<string, ConfigJsonSchema>>;
}

/** All of the configuration. */
export function schemaRoot(): SchemaPlace {
  const schema = configJsonSchema();
  return { schema, definitions: asSchemas(schema.definitions) };
}

/** What a part of a variable's name may mean at a place, by the key it stands for. */
export type Parts = ReadonlyMap<string | number, SchemaPlace>;

/**
 * The fields of an object; the entries of a record that are there, or that may be there under a known name; the items of
 * a list by their number from 1, and by their `name`. Undefined: nothing can be named below this place.
 * @param current What stands there now.
 */
export function partsOf(place: SchemaPlace, current: unknown, isProviders: boolean): Parts | undefined {
  const { schema, definitions } = withParts(place);
  if (schema.type === 'array') {
    const items = asSchema(schema.items);
    if (items === undefined || withParts({ schema: items, definitions }).schema.properties === undefined)
      return undefined;
    const list: readonly unknown[] = Array.isArray(current) ? current : [];
    return new Map(list.map((_, at) => [at, { schema: items, definitions }]));
  }
  if (schema.properties !== undefined) {
    const fields = Object.entries(asSchemas(schema.properties)).filter(([name]) => name !== '$schema');
    return new Map(fields.map(([name, inner]) => [name, { schema: inner, definitions }]));
  }
  const entry = asSchema(schema.additionalProperties);
  if (entry === undefined) return undefined;
  const words = asSchema(schema.propertyNames)?.enum ?? (isProviders ? VENDORS : []);
  const there = isMapping(current) ? Object.keys(current) : [];
  const keys = new Set([...there, ...words.filter((word) => typeof word === 'string')]);
  return new Map([...keys].map((key) => [key, { schema: entry, definitions }]));
}

/** Whether only text may stand there: then whatever YAML would make of it, text was meant. */
export function isText(place: SchemaPlace): boolean {
  return dereferenced(place).type === 'string';
}

/** Of the forms a field may take, the one that has parts. */
function withParts(place: SchemaPlace): SchemaPlace {
  const schema = dereferenced(place);
  const { definitions } = place;
  const forms = (schema.anyOf ?? []).map((form) => dereferenced({ schema: asSchema(form) ?? {}, definitions }));
  return { schema: forms.find(({ type }) => type === 'object' || type === 'array') ?? schema, definitions };
}

function dereferenced({ schema, definitions }: SchemaPlace): ConfigJsonSchema {
  const name = schema.$ref?.replace('#/definitions/', '');
  return (name === undefined ? undefined : definitions[name]) ?? schema;
}

function asSchemas(value: unknown): Readonly<Record<string, ConfigJsonSchema>> {
  if (!isMapping(value)) return {};
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, asSchema(inner) ?? {}]));
}

function asSchema(value: unknown): ConfigJsonSchema | undefined {
  return isMapping(value) ? value : undefined;
}
