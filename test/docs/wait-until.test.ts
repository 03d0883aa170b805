import { waitUntil } from '../support/wait-until';

describe('waiting until › a condition that throws', () => {
  it('is not fulfilled yet, and is asked again', async () => {
    let asked = 0;
    const answer = await waitUntil(() => {
      asked += 1;
      if (asked < 3) throw new Error('Call cancelled');
      return 'there';
    });
    expect([answer, asked]).toEqual(['there', 3]);
  });

  it('is the cause of the failure when the deadline passes', async () => {
    const refused = new Error('Call cancelled');
    const failure = await failureOf(() => Promise.reject(refused));
    expect(failure.message).toMatch(/^not within 20 ms[^]*Call cancelled$/);
    expect(failure.cause).toBe(refused);
  });

  it('is no cause once the condition has answered since', async () => {
    let asked = 0;
    const failure = await failureOf(() => {
      asked += 1;
      if (asked === 1) throw new Error('Call cancelled');
      return false;
    });
    expect(failure.message).not.toContain('at last it threw');
    expect(failure.cause).toBeUndefined();
  });
});

async function failureOf(condition: () => unknown): Promise<Error> {
  const failure: unknown = await waitUntil(condition, { timeoutMs: 20, everyMs: 1 }).catch((error: unknown) => error);
  if (failure instanceof Error) return failure;
  throw new Error('the condition was fulfilled');
}
