import { VENDOR_PRESETS } from '../contracts/config/vendors';
import { isMapping } from '../contracts/reading/values';
import { configJsonSchema, type ConfigJsonSchema } from '../contracts/schemas/config-json-schema';

// The tables of docs/models.md, from the schema of the configuration and the vendors that are known.

/** One row for each field: where it stands, what it takes, its default and meaning. */
export function fieldRows(): string[][] {
  const schema = configJsonSchema();
  return rowsOf(schema, asSchemas(schema.definitions), '').filter(([name]) => name !== '`$schema`');
}

export function vendorRows(): string[][] {
  return Object.entries(VENDOR_PRESETS).map(
    ([vendor, { protocol, baseUrl, usual, needsKey, model, structuredOutput }]) => [
      `\`${vendor}\``,
      protocol,
      `\`${baseUrl}\``,
      usual.key === undefined ? 'none' : `\`${usual.key}\`${needsKey ? '' : ', where it is set'}`,
      model === undefined ? '' : `\`${model}\``,
      structuredOutput ? 'yes' : 'no',
    ],
  );
}

type Definitions = Readonly<Record<string, ConfigJsonSchema>>;

function rowsOf(given: ConfigJsonSchema, definitions: Definitions, at: string): string[][] {
  const schema = formWithParts(given, definitions);
  const fields = Object.entries(asSchemas(schema.properties));
  const required: readonly string[] = schema.required ?? [];
  const entry = asSchema(schema.additionalProperties);
  const items = asSchema(schema.items);
  if (fields.length > 0) {
    return fields.flatMap(([name, field]) =>
      fieldRow(at === '' ? name : `${at}.${name}`, field, definitions, required.includes(name)),
    );
  }
  if (entry !== undefined && hasParts(entry, definitions)) return rowsOf(entry, definitions, `${at}.NAME`);
  if (items !== undefined && hasParts(items, definitions)) return rowsOf(items, definitions, `${at}[]`);
  return [];
}

function fieldRow(name: string, field: ConfigJsonSchema, definitions: Definitions, isRequired: boolean): string[][] {
  const inner = rowsOf(field, definitions, name);
  const own = [
    `\`${name}\``,
    valueWords(field, definitions),
    isRequired ? 'needed' : defaultWord(field),
    (field.description ?? '').replaceAll('|', '\\|'),
  ];
  return [own, ...inner];
}

function valueWords(given: ConfigJsonSchema, definitions: Definitions): string {
  const schema = resolved(given, definitions);
  const forms = (schema.anyOf ?? []).map((form) => asSchema(form) ?? {});
  if (forms.length > 0) {
    const words = forms.filter((form) => form.type !== 'null').map((form) => valueWords(form, definitions));
    return [...new Set(words)].join(' or ');
  }
  if (schema.const !== undefined) return `\`${String(schema.const)}\``;
  if (schema.enum !== undefined) return schema.enum.map((word) => `\`${String(word)}\``).join(', ');
  if (schema.type === 'array') return `list of ${valueWords(asSchema(schema.items) ?? {}, definitions)}`;
  if (schema.type === 'object') return objectWords(schema, definitions);
  return scalarWords(schema);
}

function objectWords(schema: ConfigJsonSchema, definitions: Definitions): string {
  const entry = asSchema(schema.additionalProperties);
  if (entry === undefined) return 'fields';
  const keys = asSchema(schema.propertyNames)?.enum;
  const named = keys === undefined ? 'by name' : `by ${keys.map((key) => `\`${String(key)}\``).join(', ')}`;
  return `${valueWords(entry, definitions)} ${named}`;
}

function scalarWords({ type, pattern, format }: ConfigJsonSchema): string {
  if (format === 'uri') return 'address';
  if (pattern?.includes('ms|s|m|h|d') === true) return 'duration';
  if (pattern === '^[A-Z][A-Z0-9_]*$') return 'variable';
  if (pattern?.startsWith('^[a-z]') === true) return 'name';
  return { integer: 'whole number', boolean: '`true`, `false`', string: 'text' }[String(type)] ?? String(type);
}

function defaultWord({ default: value }: ConfigJsonSchema): string {
  if (value === undefined || (typeof value === 'object' && Object.keys(value ?? {}).length === 0)) return '';
  return `\`${JSON.stringify(value).replaceAll('"', '')}\``;
}

function hasParts(schema: ConfigJsonSchema, definitions: Definitions): boolean {
  return formWithParts(schema, definitions).properties !== undefined;
}

/** Of the forms a field may take, the one that has parts. */
function formWithParts(given: ConfigJsonSchema, definitions: Definitions): ConfigJsonSchema {
  const schema = resolved(given, definitions);
  const forms = (schema.anyOf ?? []).map((form) => resolved(asSchema(form) ?? {}, definitions));
  return forms.find(({ properties }) => properties !== undefined) ?? schema;
}

function resolved(schema: ConfigJsonSchema, definitions: Definitions): ConfigJsonSchema {
  const name = schema.$ref?.replace('#/definitions/', '');
  return name === undefined ? schema : { ...definitions[name], ...schema };
}

function asSchemas(value: unknown): Definitions {
  if (!isMapping(value)) return {};
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, asSchema(inner) ?? {}]));
}

function asSchema(value: unknown): ConfigJsonSchema | undefined {
  return isMapping(value) ? value : undefined;
}
