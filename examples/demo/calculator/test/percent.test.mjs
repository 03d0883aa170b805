import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pressAll } from '../public/calculator.mjs';

const shows = (keys) => pressAll(keys.split(' ')).display;

// FEATURE_REQUEST.md in executable form.
test('the percent key takes a share of the first number after + and −, and a hundredth otherwise', () => {
  assert.equal(shows('5 0 + 1 0 %'), '5');
  assert.equal(shows('5 0 + 1 0 % ='), '55');
  assert.equal(shows('5 0 - 1 0 % ='), '45');
  assert.equal(shows('2 0 0 * 1 0 % ='), '20');
  assert.equal(shows('5 0 %'), '0.5');
});
