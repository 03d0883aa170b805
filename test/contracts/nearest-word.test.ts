import * as fc from 'fast-check';
import { nearestWord, suggestion } from '../../contracts/nearest-word';

describe('the nearest word', () => {
  it.each([
    ['frontnd', ['backend', 'frontend'], 'frontend'],
    ['tets', ['test', 'text'], 'test'],
    ['NEEDS', ['needs'], 'needs'],
    ['deploy', ['test', 'plan'], undefined],
    ['x', ['y'], undefined],
    ['', ['a'], undefined],
    ['ab', ['ac'], 'ac'],
  ])('to %j of %j is %j', (written, words, nearest) => {
    expect(nearestWord(written, words)).toBe(nearest);
  });

  it('is found after one slip anywhere', () => {
    const word = fc.stringMatching(/^[a-z]{4,12}$/);
    fc.assert(
      fc.property(word, fc.nat(), (right, at) => {
        const index = at % right.length;
        expect(nearestWord(right.slice(0, index) + right.slice(index + 1), [right])).toBe(right);
        expect(nearestWord(`${right.slice(0, index)}_${right.slice(index)}`, [right])).toBe(right);
      }),
    );
  });

  it('gives way to the list of words when none is near and there are few', () => {
    expect(suggestion('deploy', ['test', 'plan'])).toBe('There are test, plan.');
    expect(suggestion('deploy', ['test'])).toBe('There is test.');
    expect(suggestion('deploy', [])).toBeUndefined();
    expect(
      suggestion(
        'deploy',
        Array.from({ length: 20 }, (_, index) => `stage${index}`),
      ),
    ).toBeUndefined();
  });
});
