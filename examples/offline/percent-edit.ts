/** One change to a file: all of its content, or one place in it. */
export type Edit =
  | { readonly path: string; readonly content: string }
  | { readonly path: string; readonly find: string; readonly replace: string };

/** The edits that give the calculator of examples/demo its percent key. Each `find` is in its file exactly once. */
export function percentEdits(): readonly Edit[] {
  return [
    {
      path: 'public/calculator.mjs',
      find: '`none` yet since the last operator or result, or `open`, so that the next digit belongs to it.',
      replace:
        '`none` yet since the last operator or result, `open`, so that the next digit belongs to it, or `whole`: a percentage.',
    },
    {
      path: 'public/calculator.mjs',
      find: 'a digit, `.`, an operator, `=`, `Backspace` or `C`.',
      replace: 'a digit, `.`, an operator, `%`, `=`, `Backspace` or `C`.',
    },
    {
      path: 'public/calculator.mjs',
      find: "  if (key === '=') return calculate(state);\n",
      replace: "  if (key === '%') return takePercent(state);\n  if (key === '=') return calculate(state);\n",
    },
    {
      path: 'public/calculator.mjs',
      find: 'function calculate(state) {\n',
      replace: `${TAKE_PERCENT}function calculate(state) {\n`,
    },
    {
      path: 'public/index.html',
      find: '        <button data-key="C" class="wide" aria-label="Clear">C</button>\n',
      replace:
        '        <button data-key="C" aria-label="Clear">C</button>\n' +
        '        <button data-key="%" class="operator" aria-label="Percent">%</button>\n',
    },
    { path: 'test/percent-chain.test.mjs', content: CHAIN_TEST },
  ];
}

const TAKE_PERCENT = `/** After + and - a share of the first number, otherwise a hundredth. */
function takePercent(state) {
  const share = state.operator === '+' || state.operator === '-' ? state.first : 1;
  return { ...state, display: format((share * Number(state.display)) / 100), entry: 'whole' };
}

`;

const CHAIN_TEST = `import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pressAll } from '../public/calculator.mjs';

const shows = (keys) => pressAll(keys.split(' ')).display;

test('an operator after a percentage calculates first', () => {
  assert.equal(shows('5 0 + 1 0 % + 1 ='), '56');
});

test('a digit after a percentage begins a new number', () => {
  assert.equal(shows('5 0 % 7'), '7');
});

test('a percentage of a percentage', () => {
  assert.equal(shows('5 0 % %'), '0.005');
});

test('there is no percentage of an error', () => {
  assert.equal(shows('1 / 0 = %'), 'Error');
});
`;
