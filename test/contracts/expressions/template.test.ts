import * as fc from 'fast-check';
import { ExpressionError, parseTemplate, renderTemplate, renderValue } from '../../../contracts/expressions';

const scope = {
  inputs: { name: 'calc', n: 3, xs: [1, 2], o: { a: 'b' }, none: null },
  run: {},
  stages: { plan: { output: { title: 'Keys' } } },
  matrix: {},
};

describe('a template', () => {
  it.each([
    ['no holes', 'no holes'],
    ['{{ inputs.name }}', 'calc'],
    ['{{inputs.name}}-{{ inputs.n }}', 'calc-3'],
    ['{{ inputs.xs }} {{ inputs.o }} {{ inputs.none }} {{ inputs.n > 2 }}', '[1,2] {"a":"b"} null true'],
    ['{{ {"a": {"b": 1}} }}', '{"a":{"b":1}}'],
    ['{{ "}}" }}{{ \'}}\' }}', '}}}}'],
    ['{{ "\\"}}" }}', '"}}'],
    ['{{ r"\\d" }}', '\\d'],
    ['{{ """a"}}b""" }}', 'a"}}b'],
    ['literal {{ "{{" }} x }}', 'literal {{ x }}'],
    ['a { b } c', 'a { b } c'],
    ['{{\n  inputs.name\n}}', 'calc'],
    ['$&{{ "$&" }}', '$&$&'],
  ])('%j renders %j', (template, text) => {
    expect(renderTemplate(template, scope)).toBe(text);
  });

  it('gives the value itself when it is one hole', () => {
    expect(renderValue('{{ inputs.xs }}', scope)).toEqual([1, 2]);
    expect(renderValue('{{ inputs.n }}', scope)).toBe(3);
    expect(renderValue('{{ inputs.n }}!', scope)).toBe('3!');
    expect(renderValue('plain', scope)).toBe('plain');
  });

  it('names what is missing', () => {
    expect(() => renderTemplate('Do {{ stages.plan.output.titel }}', scope)).toThrow(
      'stages.plan.output.titel is missing, in " stages.plan.output.titel ". Did you mean "title"?',
    );
  });

  it.each([
    ['a {{ inputs.name', '{{ is never closed with }}', 2],
    ['a {{ inputs.name }', '{{ is never closed with }}', 2],
    ['a {{ }}', '{{ }} holds no expression', 2],
    ['a {{ "x }}', 'a string is never closed', 2],
  ])('%j is refused', (template, problem, offset) => {
    expect.assertions(2);
    try {
      parseTemplate(template);
    } catch (error) {
      expect(error).toBeInstanceOf(ExpressionError);
      expect(error).toMatchObject({ problem, offset });
    }
  });

  it('keeps every character outside its holes, and any value in them', () => {
    const text = fc.string({ unit: 'binary' }).filter((one) => !one.includes('{'));
    fc.assert(
      fc.property(text, text, fc.string({ unit: 'binary' }), (before, after, value) => {
        const template = `${before}{{ inputs.value }}${after}`;
        expect(renderTemplate(template, { ...scope, inputs: { value } })).toBe(`${before}${value}${after}`);
      }),
    );
  });

  it('never fails otherwise than with an ExpressionError', () => {
    const piece = fc.constantFrom(
      '{{',
      '}}',
      '{',
      '}',
      '"',
      "'",
      '"""',
      'r"',
      '\\',
      ' ',
      'inputs.n',
      '.map(x, x)',
      '(',
      ')',
      '[',
      '+',
      '1',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 14 }), (pieces) => {
        try {
          expect(typeof renderTemplate(pieces.join(''), scope)).toBe('string');
        } catch (error) {
          expect(error).toBeInstanceOf(ExpressionError);
        }
      }),
      { numRuns: 1_000 },
    );
  });
});
