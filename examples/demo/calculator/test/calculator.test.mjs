import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pressAll, START } from '../public/calculator.mjs';

const shows = (keys) => pressAll(keys.split(' ')).display;

test('digits make a number', () => {
  assert.equal(START.display, '0');
  assert.equal(shows('0 1 2 . 5 .'), '12.5');
  assert.equal(shows('. 5'), '0.5');
});

test('the four operations', () => {
  assert.equal(shows('2 + 3 ='), '5');
  assert.equal(shows('2 - 3 ='), '-1');
  assert.equal(shows('6 * 7 ='), '42');
  assert.equal(shows('1 / 4 ='), '0.25');
});

test('operations in a row go from left to right', () => {
  assert.equal(shows('2 + 3 * 4 ='), '20');
  assert.equal(shows('2 + 3 +'), '5');
});

test('the last of two operators counts', () => {
  assert.equal(shows('2 + * 4 ='), '8');
});

test('a digit after a result begins anew', () => {
  assert.equal(shows('2 + 3 = 7'), '7');
  assert.equal(shows('2 + 3 = + 1 ='), '6');
});

test('decimals come out as people write them', () => {
  assert.equal(shows('0 . 1 + 0 . 2 ='), '0.3');
});

test('division by zero is an error until it is cleared', () => {
  assert.equal(shows('1 / 0 ='), 'Error');
  assert.equal(shows('1 / 0 = 5'), 'Error');
  assert.equal(shows('1 / 0 = C 5'), '5');
});

test('erase takes the last digit, and nothing of a result', () => {
  assert.equal(shows('1 2 Backspace'), '1');
  assert.equal(shows('1 Backspace'), '0');
  assert.equal(shows('1 2 + 3 = Backspace'), '15');
});

test('other keys do nothing', () => {
  assert.equal(shows('1 F5 2'), '12');
});
