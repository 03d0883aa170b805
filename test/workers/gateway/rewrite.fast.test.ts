import fc from 'fast-check';
import { bodyFor } from '../../../workers/gateway/upstream/rewrite';

const written = (text: string, changes: { model: string; includeUsage?: boolean }): Buffer =>
  bodyFor(Buffer.from(text), JSON.parse(text) as Record<string, unknown>, changes);

describe('the body that goes to a provider', () => {
  test('is the very one that came where nothing changes', () => {
    const raw = Buffer.from('{ "model": "small", "messages": [] }');
    expect(bodyFor(raw, JSON.parse(raw.toString()) as Record<string, unknown>, { model: 'small' })).toBe(raw);
  });

  test('has all other bytes as they came where the name stands first', () => {
    const text = '{ "model" : "first/small",  "messages": [ "\\u00e4 ä \\"model\\"" ] , "seed": 9007199254740993 }';
    expect(written(text, { model: 'small' }).toString()).toBe(text.replace('first/small', 'small'));
    const asked = written(text, { model: 'small', includeUsage: true }).toString();
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
            ...(includeUsage && { stream_options: { include_usage: true } }),
          };
          expect(JSON.parse(written(text, { model, includeUsage }).toString())).toEqual(expected);
        },
      ),
      { numRuns: 500 },
    );
  });

  test('keeps what the client said of its stream', () => {
    const text = '{"model":"small","stream_options":{"include_obfuscation":false}}';
    expect(JSON.parse(written(text, { model: 'small', includeUsage: true }).toString())).toEqual({
      model: 'small',
      stream_options: { include_obfuscation: false, include_usage: true },
    });
  });
});
