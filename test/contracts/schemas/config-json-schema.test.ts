import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import Ajv from 'ajv';
import { parse } from 'yaml';
import { starterConfig } from '../../../client/cli/starter-config';
import { configJsonSchema, configJsonSchemaText } from '../../../contracts/schemas/config-json-schema';
import { configOf } from '../../support/read-config';

const ROOT = join(__dirname, '../../..');
const validate = new Ajv({ strict: true, allowUnionTypes: true, formats: { uri: URL.canParse } }).compile(
  configJsonSchema(),
);

describe('gantry.config.schema.json', () => {
  it('is what the grammar says; `npm run schema` writes it', () => {
    expect(readFileSync(join(ROOT, 'gantry.config.schema.json'), 'utf8')).toBe(configJsonSchemaText());
  });

  it.each<[string, string]>([
    ['the file to begin with', starterConfig('x')],
    ['nothing but a provider', 'providers: { openai: {}, anthropic: }'],
    ['single names and lists of them', 'routes: [{ task: a, chain: [b, c] }, { task: [a], chain: b }]'],
    ['limits and keys', 'budgets: { limits: { day: 2.5 } }\ngateway: { keys: { a: { key: A } } }'],
    ['prices', 'providers: { a: { prices: { m: free, "*": { input: 1, output: 2 } } } }'],
  ])('accepts %s', (_, text) => {
    expect(validate(parse(text)) || validate.errors).toBe(true);
  });

  it.each<[string, string]>([
    ['a field nobody knows', 'providers: { openai: { modles: [a] } }'],
    ['a key in place of the name of its variable', 'providers: { openai: { key: sk-123 } }'],
    ['a window nobody knows', 'budgets: { limits: { year: 5 } }'],
    ['a bad duration', 'providers: { openai: { idle: soon } }'],
    ['a preference nobody knows', 'routes: [{ chain: a, prefer: luck }]'],
    ['a list of providers', 'providers: [openai]'],
  ])('rejects %s', (_, text) => {
    expect(validate(parse(text))).toBe(false);
  });
});

describe('the file that `gantry init --config` writes', () => {
  it('is valid as it is, and so is all that it shows in comments', () => {
    expect(configOf(starterConfig('x')).providers.map(({ name }) => name)).toEqual(['anthropic', 'openai', 'ollama']);
    const shown = starterConfig('x').replaceAll(/^( *)# (?=house:|policies:|budgets:| {2})/gm, '$1');
    const config = configOf(shown);
    expect(config.providers.map(({ name }) => name)).toEqual(['anthropic', 'openai', 'ollama', 'house']);
    expect(config).toMatchObject({ policies: [{ name: 'stays-at-home' }], budgets: { over: 'local' } });
  });
});
