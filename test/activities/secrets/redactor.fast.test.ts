import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import fc from 'fast-check';
import { createRedactor } from '../../../activities/secrets/redactor';

const SECRET = 'sk-canary/42+ä "q"';

describe('a redactor', () => {
  it.each([
    ['as it is', SECRET],
    ['in base64', Buffer.from(SECRET).toString('base64')],
    ['in base64 for URLs', Buffer.from(SECRET).toString('base64url')],
    ['in a URL', encodeURIComponent(SECRET)],
    ['in a form', new URLSearchParams({ a: SECRET }).toString().slice(2).replaceAll('%22', '%22')],
    ['in JSON', JSON.stringify(SECRET).slice(1, -1)],
  ])('finds a secret %s', (_, written) => {
    expect(createRedactor([SECRET]).redact(`before ${written} after`)).toBe('before *** after');
  });

  it('finds a secret inside a base64 text, wherever it begins', () => {
    const { redact } = createRedactor(['canary-value-42']);
    for (const user of ['a', 'ab', 'abc', 'abcd']) {
      const header = Buffer.from(`${user}:canary-value-42`).toString('base64');
      expect(redact(header)).toContain('***');
      expect(Buffer.from(redact(header).replace('***', ''), 'base64').toString()).not.toContain('canary-value');
    }
  });

  it('finds each line of a secret of several lines', () => {
    const key = '-----BEGIN KEY-----\nMIIEowIBAAKCAQEA\nqf8Jh3kd9sLq\n-----END KEY-----';
    expect(createRedactor([key]).redact('line: qf8Jh3kd9sLq.')).toBe('line: ***.');
  });

  it('leaves short values alone, and everything when there are none', () => {
    expect(createRedactor(['a', 'true']).redact('a true story')).toBe('a true story');
    expect(createRedactor([]).redact('anything')).toBe('anything');
  });

  it('redacts strings and keys of JSON and keeps its form', () => {
    const { redactJson } = createRedactor(['canary-1']);
    const value = { list: ['a canary-1', 1, null, true], 'canary-1': { deep: 'canary-1' } };
    expect(redactJson(value)).toEqual({ list: ['a ***', 1, null, true], '***': { deep: '***' } });
  });

  it('gives the same for a stream, however it is cut', async () => {
    const secrets = ['canary-1', 'canary-1-long', 'ünïcödé-key', 'ababab'];
    const word = fc.oneof(
      fc.constantFrom(...secrets, 'canary', 'ab', '-1', '😀', 'ü', '\n'),
      fc.string({ unit: 'grapheme', maxLength: 4 }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(word), fc.infiniteStream(fc.integer({ min: 1, max: 7 })), async (words, cuts) => {
        const bytes = Buffer.from(words.join(''));
        const chunks: Buffer[] = [];
        for (let at = 0; at < bytes.length;) {
          const size = cuts.next().value as number;
          chunks.push(bytes.subarray(at, at + size));
          at += size;
        }
        const { redact, transform } = createRedactor(secrets);
        const streamed = (await buffer(Readable.from(chunks).pipe(transform()))).toString();
        expect(streamed).toBe(redact(bytes.toString()));
        for (const secret of secrets) expect(streamed).not.toContain(secret);
      }),
      { numRuns: 300 },
    );
  });
});
