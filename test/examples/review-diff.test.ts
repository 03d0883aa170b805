import { reviewDiff } from '../../examples/offline/review-diff';

function diffOf(path: string, ...added: string[]): string {
  return `diff --git a/${path} b/${path}\nindex 1..2 100644\n--- a/${path}\n+++ b/${path}\n@@ -1 +1,2 @@\n line\n${added.map((line) => `+${line}`).join('\n')}\n`;
}

const TESTED = diffOf('test/a.test.mjs', "test('a', () => {});");

it('approves a change with tests and says what it saw', () => {
  const review = reviewDiff(
    `Please review.\n<attachment>\n${diffOf('src/a.mjs', 'export const a = 1;')}${TESTED}</attachment>`,
  );
  expect(review).toEqual({
    verdict: 'approve',
    comments: ['src/a.mjs, test/a.test.mjs: +2 −0, 1 of them tests; nothing left over from debugging.'],
  });
});

it('has nothing to say where nothing changed', () => {
  expect(reviewDiff('(no change in tracked files)')).toEqual({
    verdict: 'revise',
    comments: ['There is no change to review.'],
  });
});

it.each([
  ['console.log(a)', 'prints for debugging'],
  ['  debugger;', 'stops in a debugger'],
  ["test.only('a', f);", 'leaves all other tests out'],
  ['// TODO', 'leaves something to do'],
  ['<<<<<<< HEAD', 'holds a conflict marker'],
])('sends back a change that adds %s', (line, what) => {
  const review = reviewDiff(diffOf('src/a.mjs', line) + TESTED);
  expect(review).toEqual({ verdict: 'revise', comments: [`src/a.mjs ${what}: ${line.trim()}`] });
});

it('minds only what is added', () => {
  const removed = diffOf('src/a.mjs', 'const a = 1;').replace(' line\n', '-console.log(1)\n console.log(2)\n');
  expect(reviewDiff(removed + TESTED).verdict).toBe('approve');
});

it('wants tests for code, and none for words', () => {
  expect(reviewDiff(diffOf('src/a.mjs', 'const a = 1;')).comments).toEqual([
    'No test comes with the change of src/a.mjs.',
  ]);
  expect(reviewDiff(diffOf('README.md', 'Words.')).verdict).toBe('approve');
});
