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
    const failure: unknown = await waitUntil(() => Promise.reject(refused), { timeoutMs: 1, everyMs: 1 }).catch(
      (error: unknown) => error,
    );
    expect(failure).toMatchObject({
      message: expect.stringMatching(/not within 1 ms[^]*Call cancelled/),
      cause: refused,
    });
  });

  it('is no cause once the condition has answered since', async () => {
    let asked = 0;
    const late = waitUntil(
      () => {
        asked += 1;
        if (asked === 1) throw new Error('Call cancelled');
        return false;
      },
      { timeoutMs: 20, everyMs: 1 },
    );
    await expect(late).rejects.toMatchObject({ cause: undefined, message: expect.stringMatching(/^not within 20 ms/) });
  });
});
