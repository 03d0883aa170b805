import fc from 'fast-check';
import { extractJson } from '../../../activities/models/extract-json';

it.each([
  ['the whole answer', '{"a":1}', { a: 1 }],
  ['a word alone', '"approve"', 'approve'],
  ['a fenced block', 'Here you are:\n```json\n{"a":1}\n```\nAnything else?', { a: 1 }],
  ['a fence without a language', '```\n[1,2]\n```', [1, 2]],
  ['the fenced block that is JSON, of several', '```js\nlet a = 1;\n```\nand\n```json\n{"a":2}\n```', { a: 2 }],
  ['a string that holds a fence', '```json\n{"code":"x\\n```\\ny"}\n```', { code: 'x\n```\ny' }],
  ['an object in prose', 'I think {"verdict":"approve"} is right.', { verdict: 'approve' }],
  ['an object after braces that are none', 'In {this} case: {"a":{"b":"}"}} ok', { a: { b: '}' } }],
  ['what follows the thoughts', '<think>maybe {"a":1}</think>\n{"a":2}', { a: 2 }],
])('finds %s', (_what, answer, expected) => {
  expect(extractJson(answer)?.value).toEqual(expected);
});

it.each(['', 'no json here', '{"a": 1', '{a: 1}', '{'.repeat(2_000)])('finds none in %#', (answer) => {
  expect(extractJson(answer)).toBeUndefined();
});

it('finds any object or list, bare, fenced or in prose', () => {
  const value = fc.oneof(fc.dictionary(fc.string(), fc.jsonValue()), fc.array(fc.jsonValue()));
  const dressed = fc.constantFrom<(json: string) => string>(
    (json) => json,
    (json) => `Sure!\n\`\`\`json\n${json}\n\`\`\`\nDone.`,
    (json) => `The answer is ${json}, I believe.`,
  );
  fc.assert(
    fc.property(value, dressed, fc.boolean(), (wanted, dress, pretty) => {
      const json = JSON.stringify(wanted, null, pretty ? 2 : undefined);
      expect(extractJson(dress(json))?.value).toEqual(JSON.parse(json));
    }),
  );
});
