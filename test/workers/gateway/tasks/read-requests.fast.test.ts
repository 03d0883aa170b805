import { TASK_LIMITS } from '../../../../contracts/tasks/order';
import { unknownModel } from '../../../../workers/gateway/errors';
import { readLines } from '../../../../workers/gateway/tasks/read-lines';
import { RequestReader, type Given } from '../../../../workers/gateway/tasks/read-requests';
import { sharesOf } from '../../../../workers/gateway/tasks/submit';
import { withinLimit } from '../../../../workers/gateway/tasks/within-limit';

const body = { model: 'small', messages: [{ role: 'user', content: 'Hello' }] };

function* given(count: number): Generator<Given> {
  for (let index = 0; index < count; index += 1) {
    yield { where: `requests[${index}]`, value: { custom_id: `item-${index}`, body } };
  }
}

async function* chunks(...texts: readonly (string | Buffer)[]): AsyncGenerator<Buffer> {
  for (const text of texts) yield await Promise.resolve(Buffer.from(text));
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const read: T[] = [];
  for await (const item of items) read.push(item);
  return read;
}

describe('lines', () => {
  it('are read across chunks, with and without an end of line, and empty ones are counted and passed over', async () => {
    const euro = Buffer.from('{"a":"€"}\n');
    const read = await all(readLines(chunks(euro.subarray(0, 7), euro.subarray(7), '\n\r\n{"b":', '1}\r\n{"c":2}')));
    expect(read).toEqual([
      { where: 'Line 1', value: { a: '€' } },
      { where: 'Line 4', value: { b: 1 } },
      { where: 'Line 5', value: { c: 2 } },
    ]);
  });

  it.each([
    ['are no JSON', [Buffer.from('{"a":1}\n{"secret":')], 'Line 2: it is not valid JSON.'],
    ['are no UTF-8', [Buffer.from([0x7b, 0xff, 0xfe])], 'The batch is not UTF-8.'],
    ['end within a character', [Buffer.from('{"a":"€').subarray(0, -1)], 'The batch is not UTF-8.'],
  ])('that %s are refused, and not quoted', async (_, texts, message) => {
    await expect(all(readLines(chunks(...texts)))).rejects.toMatchObject({ status: 400, message });
  });

  it('of more than a task may hold are refused as they come in', async () => {
    const refused = { status: 413, body: { code: 'request_too_large' } };
    await expect(all(withinLimit(chunks('12345', '67890'), 9))).rejects.toMatchObject(refused);
    expect(await all(withinLimit(chunks('12345', '67890'), 10))).toHaveLength(2);
  });
});

describe('requests', () => {
  it('may be fifty thousand, and not one more', async () => {
    const reader = new RequestReader(() => undefined);
    for await (const request of reader.read(given(TASK_LIMITS.requests))) void request;
    expect(reader.total).toBe(50_000);
    await expect(all(new RequestReader(() => undefined).read(given(TASK_LIMITS.requests + 1)))).rejects.toThrow(
      '50000 requests at most',
    );
  });

  it('have a digest of all that was asked for', async () => {
    const digestOf = async (count: number): Promise<string> => {
      const reader = new RequestReader(() => undefined);
      await all(reader.read(given(count)));
      return reader.digest;
    };
    expect(await digestOf(3)).toBe(await digestOf(3));
    expect(await digestOf(3)).not.toBe(await digestOf(4));
  });

  it('name no model that their caller may not, and are told which line does', async () => {
    const reader = new RequestReader((model) => {
      if (model !== 'small') throw unknownModel(model);
    });
    const value = { custom_id: 'other', body: { ...body, model: 'large' } };
    await expect(all(reader.read([...given(2), { where: 'Line 3', value }]))).rejects.toMatchObject({
      ...{ status: 404, message: expect.stringMatching(/^Line 3: The model `large` does not exist here/) as string },
      body: { param: 'model', code: 'model_not_found' },
    });
  });

  it('carry what routing has to know', async () => {
    const value = { custom_id: 'a', body: { ...body, model: 'auto', max_tokens: 7 } };
    const [request] = await all(new RequestReader(() => undefined).read([{ where: 'Line 1', value }]));
    expect(request?.route).toEqual({ inputTokens: expect.any(Number) as number, maxOutputTokens: 7 });
  });
});

test.each([
  [1, 1],
  [200, 1],
  [1_000, 5],
  [2_000, 10],
  [50_000, 10],
])('%i requests are worked on in portions of %i', (total, portion) => {
  expect(sharesOf(total, 50)).toEqual({ portion, parallel: 50, tapers: true });
});
