import type { Json } from '../../contracts/json';
import { FakeHost } from '../support/fake-host';
import { pipeline } from '../support/pipelines';
import { RunHarness, type RunHandle } from '../support/run-harness';

let host: FakeHost;
let harness: RunHarness;
beforeAll(async () => {
  host = new FakeHost();
  harness = await RunHarness.start(host);
});
beforeEach(() => {
  host.modelCalls.length = 0;
  host.qualities.length = 0;
  host.commands.length = 0;
});
afterAll(() => harness.stop());

async function run(stages: Record<string, unknown>): Promise<RunHandle> {
  return harness.start(pipeline({ stages }));
}

async function verdictsOf(handle: RunHandle): Promise<string[]> {
  return (await handle.audit()).filter(({ what }) => what === 'answer.evaluated').map(({ text }) => text);
}

/** What a stage's model, or its judge, answers: first, second, and so on; the last is said ever after. */
function answering(asker: string, ...answers: readonly Json[]): void {
  let calls = 0;
  host.on(asker, () => ({ output: answers[Math.min(calls++, answers.length - 1)]! }));
}

const GOOD = { verdict: 'pass', score: 0.9, reason: 'every step has a test' };
const BAD = { verdict: 'fail', score: 0.2, reason: 'step 2 has no test' };

describe('an answer that can be computed to be wrong', () => {
  it('goes back to its model with what is wrong, and no judge is asked about it', async () => {
    answering('plan', 'TODO', 'all is done');
    answering('plan judge', GOOD);
    const handle = await run({ plan: { prompt: 'x', evaluate: [{ judge: 'Is it good?' }, { lacks: 'TODO' }] } });
    const { status, view } = await handle.result();
    expect(status).toBe('SUCCESS');
    expect(view.stages[0]).toMatchObject({ output: 'all is done' });
    expect(host.modelCalls.map(({ task = 'ask', rejected }) => [task, rejected?.issues])).toEqual([
      ['ask', undefined],
      ['ask', 'lacks /TODO/: it is in the answer'],
      ['judging', undefined],
    ]);
    expect(host.modelCalls[1]!.rejected).toMatchObject({ provider: 'fake', model: 'fake-1', answer: 'TODO' });
    expect(await verdictsOf(handle)).toEqual([
      'lacks /TODO/: fail: it is in the answer',
      'lacks /TODO/: pass: it holds',
      'judge: pass (0.9): every step has a test',
    ]);
    expect(host.qualities.map(({ quality }) => quality)).toEqual([0, 0.9]);
  });

  it('fails its stage once its attempts are used up, and another stage may mend that', async () => {
    answering('plan', 'TODO');
    const evaluate = { lacks: 'TODO' };
    const failed = await run({ plan: { prompt: 'x', retry: { attempts: 2, delay: '0s' }, evaluate } });
    expect(await failed.result()).toMatchObject({ status: 'SYSTEM_FAILURE' });
    expect(host.modelCalls).toHaveLength(2);
    expect((await failed.view()).stages[0]!.failure).toMatchObject({
      type: 'Evaluation.Failed',
      message: 'The answer of fake/fake-1 did not pass: lacks /TODO/: it is in the answer.',
    });
    answering('review', 'TODO', 'TODO', 'fine');
    const mended = await run({
      look: { run: 'x' },
      review: {
        prompt: 'x',
        needs: 'look',
        retry: { attempts: 2, delay: '0s' },
        evaluate,
        'on-failure': { fix: 'look' },
      },
    });
    expect(await mended.result()).toMatchObject({ status: 'SUCCESS' });
  });

  it('may be found out by a command, which gets it as data', async () => {
    // The stage's model and its command take turns.
    const script = [{ output: 'first; rm -rf /' }, { exitCode: 1 }, { output: 'second' }, { exitCode: 0 }];
    let turn = 0;
    host.on('plan', () => script[turn++]!);
    const handle = await run({ plan: { prompt: 'x', evaluate: { run: 'test {{ output }} = second' } } });
    expect(await handle.result()).toMatchObject({ status: 'SUCCESS' });
    const [first, second] = host.commands.map(({ command }) => command);
    expect(Object.values(first!.env)).toContain('first; rm -rf /');
    expect(first!.command).not.toContain('rm');
    expect(Object.values(second!.env)).toContain('second');
    expect(host.modelCalls[1]!.rejected!.issues).toBe('run test {{ output }} = second: exit code 1: plan says 1');
  });
});

describe('a judge', () => {
  it('that says no has the model mend its answer', async () => {
    answering('plan', 'first', 'second');
    answering('plan judge', BAD, GOOD);
    const handle = await run({
      plan: { prompt: 'x', evaluate: { judge: 'Is every step tested?', model: 'strict/one' } },
    });
    expect(await handle.result()).toMatchObject({ status: 'SUCCESS' });
    const [, judging, again] = host.modelCalls;
    expect(judging).toMatchObject({
      model: 'strict/one',
      task: 'judging',
      attachments: [{ text: { inline: 'first' } }],
    });
    expect(judging!.prompt).toContain('Is every step tested?');
    expect(again!.rejected).toMatchObject({ issues: 'judge: step 2 has no test' });
    expect((await handle.view()).tokens).toBe(4 * 15);
  });

  it('that contradicts itself is asked once more; then there is no verdict, and nothing is learned', async () => {
    answering('plan', 'fine');
    answering('plan judge', { verdict: 'pass', score: 0.1, reason: 'good' });
    const handle = await run({ plan: { prompt: 'x', evaluate: { judge: 'Is it good?' } } });
    expect(await handle.result()).toMatchObject({ status: 'SYSTEM_FAILURE' });
    expect((await handle.view()).stages[0]!.failure).toMatchObject({
      type: 'Evaluation.JudgeFailed',
      message: expect.stringContaining(
        'There is no verdict on the answer of fake/fake-1: judge: it said pass and gave 0.1',
      ) as string,
    });
    expect(host.modelCalls.map(({ task = 'ask' }) => task)).toEqual(['ask', 'judging', 'judging']);
    expect(host.qualities).toEqual([]);
  });

  it('that cannot be asked counts as the stage says, and never as a score', async () => {
    answering('plan', 'fine');
    host.on('plan judge', { fail: { type: 'Provider.Auth', message: 'no key' } });
    const handle = await run({ plan: { prompt: 'x', evaluate: { judge: 'Is it good?', 'on-error': 'accept' } } });
    expect(await handle.result()).toMatchObject({ status: 'SUCCESS' });
    expect(await verdictsOf(handle)).toEqual(['judge: error: accepted without a verdict: no key']);
    expect(host.qualities).toEqual([]);
  });
});
