import { pauseUpdate, priorityUpdate, retryUpdate, unpauseUpdate } from '../../contracts/messages';
import { carriedFrom, type RunInput } from '../../contracts/run';
import { pipeline } from '../support/pipelines';
import { RunHarness } from '../support/run-harness';

const who = 'tester';

describe('requests to a run', () => {
  let harness: RunHarness;
  beforeEach(async () => {
    harness = await RunHarness.start();
  });
  afterEach(() => harness.stop());

  const chain = () =>
    pipeline({
      stages: {
        one: { run: 'one', workspace: 'none' },
        two: { needs: 'one', run: 'two', workspace: 'none' },
        three: { needs: 'two', run: 'three', workspace: 'none' },
      },
    });

  it('pause lets what is at work finish and begins nothing, until it goes on', async () => {
    let release!: () => void;
    harness.host.on('one', { until: new Promise<void>((resolve) => (release = resolve)) });
    const run = await harness.start(chain());
    await run.until(() => harness.host.count('run one') === 1);
    const answer = await run.workflow.executeUpdate(pauseUpdate, { args: [{ who }] });
    expect(answer.message).toBe('Paused. 1 at work will finish.');
    release();
    const view = await run.until((now) => now.stages[0]?.status === 'succeeded');
    expect(view.status).toBe('PAUSED');
    expect(harness.host.count('run two')).toBe(0);
    await run.workflow.executeUpdate(unpauseUpdate, { args: [{ who }] });
    expect((await run.result()).status).toBe('SUCCESS');
  });

  it('retry does a stage and what follows from it again, and nothing before it', async () => {
    let release!: () => void;
    harness.host.on('three', (times) =>
      times === 1 ? { until: new Promise<void>((resolve) => (release = resolve)) } : {},
    );
    const run = await harness.start(chain());
    await run.until(() => harness.host.count('run three') === 1);
    await run.workflow.executeUpdate(retryUpdate, { args: [{ who, from: 'two' }] });
    expect((await run.result()).status).toBe('SUCCESS');
    expect(['one', 'two', 'three'].map((id) => harness.host.count(`run ${id}`))).toEqual([1, 2, 2]);
    release();
  });

  it('a changed priority is that of the next prompt', async () => {
    let release!: () => void;
    harness.host.on('one', { until: new Promise<void>((resolve) => (release = resolve)) });
    const run = await harness.start(
      pipeline({
        stages: { one: { run: 'one' }, two: { needs: 'one', agent: 'coder', prompt: 'two' } },
      }),
    );
    await run.until(() => harness.host.count('run one') === 1);
    await run.workflow.executeUpdate(priorityUpdate, { args: [{ who, priority: 9 }] });
    release();
    expect((await run.result()).status).toBe('SUCCESS');
    const { events } = await run.workflow.fetchHistory();
    const scheduled = events
      ?.map((event) => event.activityTaskScheduledEventAttributes)
      .find((one) => one?.activityType?.name === 'reserveSession');
    expect(scheduled?.priority?.priorityKey).toBe(2);
    expect(scheduled?.priority?.fairnessKey).toBe('calculator');
  });

  it.each([
    ['unpause of a run that is not paused', unpauseUpdate, { who }, 'The run is not paused'],
    [
      'retry from a stage that is not there',
      retryUpdate,
      { who, from: 'four' },
      'No stage "four" in this pipeline. Stages: one, two, three.',
    ],
    ['a priority that is none', priorityUpdate, { who, priority: 11 }, 'Priority is 10 (first) to 1 (last), got 11.'],
  ] as const)('%s is refused with the reason', async (_name, update, message, reason) => {
    let release!: () => void;
    harness.host.on('one', { until: new Promise<void>((resolve) => (release = resolve)) });
    const run = await harness.start(chain());
    await run.until(() => harness.host.count('run one') === 1);
    const refused = run.workflow.executeUpdate(update as typeof retryUpdate, {
      args: [message as { who: string; from: string }],
    });
    await expect(refused).rejects.toMatchObject({
      cause: { message: expect.stringContaining(reason) as string, type: 'Request.Refused' },
    });
    release();
    await run.result();
  });

  it('resume goes on from the finished stages of a run that failed', async () => {
    harness.host.on('two', (times) => ({ exitCode: times === 1 ? 1 : 0 }));
    const definition = chain();
    const run = await harness.start(definition);
    const failed = await run.result();
    expect(failed.status).toBe('PARTIAL_SUCCESS');
    const more: Partial<RunInput> = { run: failed.view.run, carried: carriedFrom(failed), intent: { kind: 'resume' } };
    const again = await harness.start(definition, more);
    const { status, view } = await again.result();
    expect(status).toBe('SUCCESS');
    expect(['one', 'two', 'three'].map((id) => harness.host.count(`run ${id}`))).toEqual([1, 2, 1]);
    expect(view.stages.map((stage) => stage.turn)).toEqual([1, 2, 1]);
    const ids = harness.host.commands.map((command) => command.executionId);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('rollback of a run that ended takes back what it did', async () => {
    const definition = pipeline({
      stages: { ship: { run: 'ship', undo: 'undo ship' }, merge: { needs: 'ship', merge: {} } },
    });
    const run = await harness.start(definition);
    const done = await run.result();
    expect(done.status).toBe('SUCCESS');
    expect([...harness.host.world]).toEqual(['ran ship', expect.stringContaining('merge')]);
    const back = await harness.start(definition, {
      run: done.view.run,
      carried: carriedFrom(done),
      intent: { kind: 'rollback' },
    });
    expect((await back.result()).status).toBe('ROLLED_BACK');
    expect([...harness.host.world]).toEqual([]);
  });
});
