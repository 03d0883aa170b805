import fc from 'fast-check';
import { rewritten, type Changes } from '../../../activities/providers/openai/rewrite';

const USAGE = { stream_options: { include_usage: true } };

const written = (text: string, changes: Changes): Buffer =>
  rewritten({ raw: Buffer.from(text), body: JSON.parse(text) as Record<string, unknown> }, changes);

describe('the body that goes to a provider', () => {
  test('is the very one that came where nothing changes', () => {
    const raw = Buffer.from('{ "model": "small", "messages": [] }');
    const body = JSON.parse(raw.toString()) as Record<string, unknown>;
    expect(rewritten({ raw, body }, { model: 'small' })).toBe(raw);
  });

  test('has all other bytes as they came where the name stands first', () => {
    const text = '{ "model" : "first/small",  "messages": [ "\\u00e4 ä \\"model\\"" ] , "seed": 9007199254740993 }';
    expect(written(text, { model: 'small' }).toString()).toBe(text.replace('first/small', 'small'));
    const asked = written(text, { model: 'small', ...USAGE }).toString();
    expect(asked).toBe(`${text.replace('first/small', 'small').slice(0, -1)},"stream_options":{"include_usage":true}}`);
  });

  test.each([
    ['twice', '{"model":"a","messages":[],"model":"a"}'],
    ['twice, with another one last', '{"model":"b","messages":[],"model":"a"}'],
    ['a second time in another spelling', '{"model":"a","messages":[],"mod\\u0065l":"a"}'],
    ['last', '{"messages":[],"model":"a"}'],
    ['in another spelling alone', '{"mod\\u0065l":"a","messages":[]}'],
    ['nowhere', '{"messages":[]}'],
  ])('names the model once where the client named it %s', (_where, text) => {
    const body = written(text, { model: 'chosen' }).toString();
    expect(body.match(/"(model|mod\\u0065l)"/g)).toHaveLength(1);
    expect(JSON.parse(body)).toEqual({ messages: [], model: 'chosen' });
  });

  test('says all that the client said, whatever that is', () => {
    const json = fc.dictionary(fc.oneof(fc.string(), fc.constantFrom('model', 'messages', 'tools')), fc.jsonValue());
    fc.assert(
      fc.property(
        json,
        fc.string({ unit: 'grapheme' }),
        fc.string(),
        fc.boolean(),
        fc.nat(2),
        (more, asked, model, includeUsage, space) => {
          const given = { model: asked, ...more, stream_options: undefined };
          const text = JSON.stringify(given, undefined, space);
          const expected = {
            ...(JSON.parse(text) as object),
            model,
            ...(includeUsage && USAGE),
          };
          expect(JSON.parse(written(text, { model, ...(includeUsage && USAGE) }).toString())).toEqual(expected);
        },
      ),
      { numRuns: 500 },
    );
  });

  test('has what changes once, and nothing of what is taken out', () => {
    const text = '{"model":"small","max_tokens":9,"stream_options":{"include_obfuscation":false},"seed":1}';
    const body = written(text, {
      model: 'small',
      max_tokens: undefined,
      max_completion_tokens: 7,
      ...USAGE,
    }).toString();
    expect(JSON.parse(body)).toEqual({ model: 'small', max_completion_tokens: 7, seed: 1, ...USAGE });
    expect(body.match(/"stream_options"/g)).toHaveLength(1);
  });
});
