import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import Ajv from 'ajv';
import { parse } from 'yaml';
import { pipelineJsonSchema, pipelineJsonSchemaText } from '../../../contracts/schemas/pipeline-json-schema';

const ROOT = join(__dirname, '../../..');
const validate = new Ajv({ strict: true, allowUnionTypes: true }).compile(pipelineJsonSchema());

describe('pipeline.schema.json', () => {
  it('is what the grammar says; `npm run schema` writes it', () => {
    expect(readFileSync(join(ROOT, 'pipeline.schema.json'), 'utf8')).toBe(pipelineJsonSchemaText());
  });

  const examples = pipelinesIn('examples');
  it('has examples to hold it against', () => expect(examples.length).toBeGreaterThan(0));

  it.each(examples)('accepts %s', (file) => {
    expect(validate(parse(readFileSync(join(ROOT, file), 'utf8'))) || validate.errors).toBe(true);
  });

  it.each<[string, object]>([
    [
      'everything in its short form',
      { needs: 'b', run: 'x', 'on-failure': 'continue', contract: { commits: 1 }, attach: 'diff' },
    ],
    ['a port as a number', { service: { name: 'web', run: 'x', port: 8080 } }],
    ['a nested shape', { prompt: 'x', output: { a: [{ b: 'yes | no' }] } }],
  ])('accepts %s', (_, stage) => {
    expect(validate({ $schema: 'x', name: 'x', stages: { a: stage } }) || validate.errors).toBe(true);
  });

  it.each<[string, object]>([
    ['no stages', { name: 'x' }],
    ['a bad name', { name: 'X Y', stages: { a: { run: 'x' } } }],
    ['a field nobody knows', { name: 'x', stages: { a: { rum: 'x' } } }],
    ['a bad id', { name: 'x', stages: { 'A B': { run: 'x' } } }],
    ['a bad duration', { name: 'x', stages: { a: { run: 'x', timeout: '5 minutes' } } }],
    ['too many attempts', { name: 'x', stages: { a: { run: 'x', retry: { attempts: 30 } } } }],
    ['a word that is no choice', { name: 'x', stages: { a: { run: 'x', 'on-failure': 'stop' } } }],
    ['a number for a command', { name: 'x', stages: { a: { run: 5 } } }],
    ['a shape that is a number', { name: 'x', stages: { a: { prompt: 'x', output: { n: 5 } } } }],
  ])('rejects %s', (_, file) => {
    expect(validate(file)).toBe(false);
  });
});

function pipelinesIn(folder: string): string[] {
  const files = readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' });
  return files
    .filter((file) => /\.ya?ml$/.test(file) && !file.includes('node_modules'))
    .map((file) => join(folder, file));
}
