import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import * as fc from 'fast-check';
import { evaluate, ExpressionError } from '../../../contracts/expressions';

const scope = { inputs: { n: 5, xs: [1, 2, 3], text: 'abc' }, run: {}, stages: {}, matrix: {} };

describe('the expression language', () => {
  it('is evaluated without making program text', () => {
    const folder = dirname(require.resolve('@marcbachmann/cel-js'));
    const sources = readdirSync(folder).filter((file) => file.endsWith('.js'));
    expect(sources.length).toBeGreaterThan(5);
    for (const file of sources) {
      expect(readFileSync(join(folder, file), 'utf8')).not.toMatch(/\beval\s*\(|\bnew Function\b|\bFunction\s*\(/);
    }
  });

  it.each([
    ['inputs.xs.map(a, inputs.xs.map(b, a * b)).size()', 3],
    ['inputs.xs.exists(inputs, inputs == 2)', true],
    ['inputs.xs.filter(x, x > 1)[0]', 2],
    ['inputs.xs.map(x, x + 1)[size(inputs.xs) - 1]', 4],
    ['"a,b".split(",")[inputs.n - 4]', 'b'],
    ['[1, 2][inputs.xs[0]]', 2],
    ['{"abc": 1}[inputs.text]', 1],
  ])('%s', (expression, value) => {
    expect(evaluate(expression, scope)).toBe(value);
  });

  it.each([
    ['inputs.xs.map(a, inputs.xs.map(b, inputs.xs.map(c, a)))', 'loops stand more than 2 deep'],
    [`${'('.repeat(100)}1${')'.repeat(100)}`, 'maxDepth'],
    [`1${' + 1'.repeat(3_000)}`, 'maxAstNodes'],
    ['cel.bind(x, inputs.text + inputs.text, x + x)', 'there is no function bind()'],
    ['type(1)', 'there is no function type()'],
  ])('refuses %s', (expression, problem) => {
    expect(() => evaluate(expression.slice(0, 20_000), scope)).toThrow(problem);
  });

  it('computes with JSON numbers as JavaScript does', () => {
    const number = fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e9, max: 1e9 });
    const operator = fc.constantFrom('+', '-', '*', '<', '<=', '>', '>=', '==', '!=');
    const apply: Record<string, (a: number, b: number) => number | boolean> = {
      '+': (a, b) => a + b,
      '-': (a, b) => a - b,
      '*': (a, b) => a * b,
      '<': (a, b) => a < b,
      '<=': (a, b) => a <= b,
      '>': (a, b) => a > b,
      '>=': (a, b) => a >= b,
      '==': (a, b) => a === b,
      '!=': (a, b) => a !== b,
    };
    fc.assert(
      fc.property(number, number, operator, (a, b, sign) => {
        expect(evaluate(`inputs.a ${sign} inputs.b`, { ...scope, inputs: { a, b } })).toBe(apply[sign]?.(a, b));
      }),
    );
    fc.assert(
      fc.property(fc.integer(), fc.nat(), (a, b) => {
        expect(evaluate(`inputs.a == ${a} && inputs.a <= ${b} == (${a} <= ${b})`, { ...scope, inputs: { a } })).toBe(
          true,
        );
      }),
    );
  });

  it('gives the same value each time and leaves what it reads as it was', () => {
    const value = fc.jsonValue({ maxDepth: 3 });
    fc.assert(
      fc.property(value, (json) => {
        const inputs = { json: json as never };
        const before = JSON.stringify(inputs);
        const results = [1, 2].map(() => JSON.stringify(evaluate('[inputs.json, inputs]', { ...scope, inputs })));
        expect(results[0]).toBe(results[1]);
        expect(JSON.stringify(inputs)).toBe(before);
        expect(JSON.parse(results[0] ?? '')).toEqual(JSON.parse(JSON.stringify([json, inputs])));
      }),
    );
  });

  it('never fails otherwise than with an ExpressionError', () => {
    const piece = fc.constantFrom(
      ...[
        'inputs',
        '.n',
        '.xs',
        '.text',
        '[0]',
        '["a"]',
        '.map(x, x)',
        '.size()',
        '(',
        ')',
        '+',
        '==',
        '?',
        ':',
        '1',
        '"a"',
      ],
      ...[
        '{',
        '}',
        '[',
        ']',
        ',',
        '!',
        '-',
        '&&',
        ' in ',
        'has(',
        '.filter(i, i',
        '1.5',
        'null',
        'output',
        '.split("b", 2)',
      ],
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 9 }), (pieces) => {
        try {
          evaluate(pieces.join(''), scope);
        } catch (error) {
          expect(error).toBeInstanceOf(ExpressionError);
        }
      }),
      { numRuns: 2_000 },
    );
  });
});
