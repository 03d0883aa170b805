import Ajv from 'ajv';
import * as fc from 'fast-check';
import { checkShape, describeShape, outputSchema, shapeToJsonSchema } from '../../../contracts/schemas/output';
import type { Shape } from '../../../contracts/shape';

const plan: Shape = { title: 'string', files: ['string'], verdict: 'approve | revise', 'risk?': 'integer' };

describe('the shape of an output', () => {
  it('reads a value and leaves out what it does not name', () => {
    const value = { title: 'x', files: ['a'], verdict: 'revise', more: 1 };
    expect(outputSchema(plan).parse(value)).toEqual({ title: 'x', files: ['a'], verdict: 'revise' });
  });

  it.each([
    [{ files: [], verdict: 'revise' }, 'title'],
    [{ title: 'x', files: 'a', verdict: 'revise' }, 'files'],
    [{ title: 'x', files: [], verdict: 'maybe' }, 'verdict'],
    [{ title: 'x', files: [], verdict: 'revise', risk: 1.5 }, 'risk'],
  ])('refuses %j, naming %s', (value, field) => {
    expect(outputSchema(plan).safeParse(value).error?.issues[0]?.path).toEqual([field]);
  });

  it('is said in words', () => {
    expect(describeShape(plan)).toBe(
      '{ "title": string, "files": [string], "verdict": "approve" or "revise", "risk" (may be missing): integer }',
    );
  });

  it('is a closed JSON Schema', () => {
    expect(shapeToJsonSchema(plan)).toEqual({
      type: 'object',
      properties: {
        title: { type: 'string' },
        files: { type: 'array', items: { type: 'string' } },
        verdict: { type: 'string', enum: ['approve', 'revise'] },
        risk: { type: 'integer' },
      },
      required: ['title', 'files', 'verdict'],
      additionalProperties: false,
    });
  });

  it('means the same as zod and as JSON Schema', () => {
    const { shape } = fc.letrec<{ shape: Shape }>((tie) => ({
      shape: fc.oneof(
        { maxDepth: 3 },
        fc.constantFrom('string', 'number', 'integer', 'boolean', 'any', 'yes | no'),
        fc.tuple(tie('shape')).map(([item]): Shape => [item]),
        fc.dictionary(fc.constantFrom('a', 'b', 'c?'), tie('shape'), { minKeys: 1 }),
      ),
    }));
    const leaf = fc.constantFrom('yes', 'x', 1, 1.5, true, null);
    const value = fc.oneof(
      leaf,
      fc.array(leaf),
      fc.dictionary(fc.constantFrom('a', 'b', 'c'), fc.oneof(leaf, fc.array(leaf))),
    );
    const ajv = new Ajv();
    fc.assert(
      fc.property(shape, value, (of, json) => {
        expect(checkShape(of)).toEqual([]);
        const read = outputSchema(of).safeParse(json);
        // What zod leaves out, JSON Schema refuses: keys the shape does not name.
        expect(ajv.validate(shapeToJsonSchema(of), read.success ? read.data : json)).toBe(read.success);
      }),
      { numRuns: 1_000 },
    );
  });

  it.each<[Shape, string, string | undefined]>([
    ['strng', 'holds "strng", which is no shape', 'Did you mean "string"?'],
    [
      'text',
      'holds "text", which is no shape',
      'A shape is string, number, integer, boolean, any, or words such as yes | no.',
    ],
    ['yes |', 'holds "yes |", where a word is missing', 'Write yes | no.'],
    ['a | b | a', 'names the word "a" twice', undefined],
    ['string | number', 'holds "string | number", but string is a type and no word', 'Write any for either.'],
    [[], 'must hold the one shape of its items, got 0', 'Write [string].'],
    [['string', 'number'], 'must hold the one shape of its items, got 2', 'Write [string].'],
    [{}, 'is an object without fields', 'Write any.'],
    [{ a: { 'b c': 'string' } }, 'has the field "b c"; a field is a word, with ? when it may be missing', undefined],
    [{ a: 'string', 'a?': 'string' }, 'has both "a" and "a?"', undefined],
  ])('%j is none', (shape, message, hint) => {
    const [problem] = checkShape(shape);
    expect([problem?.message, problem?.hint]).toEqual([message, hint]);
  });

  it('says where in it the mistake is', () => {
    expect(checkShape({ a: [{ b: 'strng' }] }, ['output'])).toMatchObject([{ path: ['output', 'a', 0, 'b'] }]);
  });
});
