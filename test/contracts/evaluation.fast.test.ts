import { readVerdict } from '../../contracts/evaluation';

describe("a judge's answer", () => {
  it('passes or fails by its own word and score', () => {
    expect(readVerdict({ verdict: 'pass', score: 0.7, reason: 'all of it' }, 0.7)).toEqual({
      by: 'judge',
      outcome: 'pass',
      score: 0.7,
      message: 'all of it',
    });
    expect(readVerdict({ verdict: 'fail', score: 0.2, reason: 'no tests' }, 0.7)).toMatchObject({ outcome: 'fail' });
  });

  it.each([
    ['a high score without a verdict', { score: 0.9, reason: 'fine' }],
    ['a verdict that its score contradicts', { verdict: 'pass', score: 0.2, reason: 'fine' }],
    ['the other way round', { verdict: 'fail', score: 0.9, reason: 'bad' }],
    ['a score that is none', { verdict: 'pass', score: 9, reason: 'fine' }],
    ['a score that is no number', { verdict: 'pass', score: Number.NaN, reason: 'fine' }],
    ['nothing', null],
    ['a list', ['pass']],
  ])('is no verdict, and no score, when it is %s', (_what, output) => {
    const verdict = readVerdict(output, 0.7);
    expect(verdict.outcome).toBe('error');
    expect(verdict).not.toHaveProperty('score');
  });
});
