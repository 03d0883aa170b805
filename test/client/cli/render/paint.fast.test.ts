import { harmlessLines } from '../../../../client/cli/render/paint';

describe('a log on a terminal', () => {
  it.each([
    ['keeps its lines, tabs and colours', 'a\tb\n\u001b[31mred\u001b[0m\n', 'a\tb\n\u001b[31mred\u001b[0m\n'],
    ['does not clear the screen', 'a\u001b[2Jb', 'ab'],
    ['does not move the cursor', 'a\u001b[1;1Hb\u001b[?1049h', 'ab'],
    ['does not set the title', 'a\u001b]0;pwned\u0007b\u001b]2;x\u001b\\c', 'abc'],
    ['shows each state of a progress bar', '10 %\r20 %\r\ndone', '10 %\n20 %\ndone'],
    ['loses lone control characters', 'a\u0007\u0008b\u001bc\u009bd', 'abcd'],
  ])('%s', (_what, given, shown) => {
    expect(harmlessLines(given)).toBe(shown);
  });
});
