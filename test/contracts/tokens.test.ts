import { tokensOfAnswer, tokensOfPrompt } from '../../contracts/tokens';

describe('tokens that nobody has counted', () => {
  it('are weighed, and a part of one is one', () => {
    expect([0, 1, 3, 4, 3_000].map(tokensOfPrompt)).toEqual([0, 1, 1, 2, 1_000]);
    expect([0, 1, 4, 5, 4_000].map(tokensOfAnswer)).toEqual([0, 1, 1, 2, 1_000]);
  });

  it('are rather too many in a prompt, since money and context are held for it', () => {
    expect(tokensOfPrompt(12_000)).toBeGreaterThan(tokensOfAnswer(12_000));
  });
});
