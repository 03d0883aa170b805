// The calculator without its looks: a state, and what each key makes of it. No DOM in here, so tests need none.

/**
 * What a fresh calculator shows. `first` and `operator` wait for a second number. `entry` is the number being entered:
 * `none` yet since the last operator or result, or `open`, so that the next digit belongs to it.
 */
export const START = Object.freeze({ display: '0', first: null, operator: null, entry: 'none' });

const OPERATORS = { '+': (a, b) => a + b, '-': (a, b) => a - b, '*': (a, b) => a * b, '/': (a, b) => a / b };
const LONGEST = 12;

/** The state after one key: a digit, `.`, an operator, `=`, `Backspace` or `C`. Other keys do nothing. */
export function press(state, key) {
  if (state.display === 'Error' && key !== 'C') return state;
  if (/^[0-9]$/.test(key)) return typeDigit(state, key);
  if (key === '.') return typePoint(state);
  if (key in OPERATORS) return chooseOperator(state, key);
  if (key === '=') return calculate(state);
  if (key === 'Backspace') return erase(state);
  if (key === 'C') return START;
  return state;
}

/** The state after several keys, for tests and for reading along. */
export function pressAll(keys, state = START) {
  return keys.reduce(press, state);
}

function typeDigit(state, digit) {
  if (state.entry !== 'open' || state.display === '0') return { ...state, display: digit, entry: 'open' };
  if (state.display.length >= LONGEST) return state;
  return { ...state, display: state.display + digit };
}

function typePoint(state) {
  if (state.entry !== 'open') return { ...state, display: '0.', entry: 'open' };
  return state.display.includes('.') ? state : { ...state, display: `${state.display}.` };
}

function chooseOperator(state, operator) {
  // `2 + 3 +` shows 5 and waits for the next number; `2 + *` changes its mind.
  const ready = state.operator !== null && state.entry !== 'none' ? calculate(state) : state;
  if (ready.display === 'Error') return ready;
  return { ...ready, first: Number(ready.display), operator, entry: 'none' };
}

function calculate(state) {
  if (state.operator === null) return { ...state, entry: 'none' };
  const result = OPERATORS[state.operator](state.first, Number(state.display));
  return { ...START, display: format(result) };
}

function erase(state) {
  if (state.entry !== 'open') return state;
  const shorter = state.display.slice(0, -1);
  return { ...state, display: shorter === '' ? '0' : shorter };
}

/** A number as the display shows it: 0.1 + 0.2 is 0.3, and what is no number is an error. */
function format(number) {
  if (!Number.isFinite(number)) return 'Error';
  return String(Number(number.toPrecision(10)));
}
