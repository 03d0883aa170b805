import { cancelUpdate, rollbackUpdate } from '../../contracts/messages';
import { pipeline } from '../support/pipelines';
import { FakeHost } from '../support/fake-host';
import { RunHarness } from '../support/run-harness';

// Fifteen stages, every kind that changes the world among them; s08 merges, s12 serves, s05 and s06 run side by side.
const FIFTEEN: Record<string, Record<string, unknown>> = Object.fromEntries(
  Array.from({ length: 15 }, (_, index): [string, Record<string, unknown>] => {
    const id = stageId(index + 1);
    const needs = index === 0 ? [] : [stageId(index)];
    const common = { needs: index === 5 ? ['s04'] : index === 6 ? ['s05', 's06'] : needs };
    switch (index + 1) {
      case 3:
      case 5:
      case 6:
        return [id, { ...common, agent: 'coder', prompt: id }];
      case 8:
        return [id, { ...common, merge: {} }];
      case 12:
        return [id, { ...common, service: { name: 'web', run: 'serve' } }];
      default:
        return [id, { ...common, run: `do ${id}`, undo: `undo ${id}` }];
    }
  }),
);

function stageId(number: number): string {
  return `s${String(number).padStart(2, '0')}`;
}

const NOTHING_DONE: string[] = [];
const IDS = Object.keys(FIFTEEN);

describe('taking back', () => {
  let harness: RunHarness;
  afterEach(() => harness.stop());

  async function startHeldAt(stage: string) {
    const host = new FakeHost();
    const held = new Promise<void>(() => undefined);
    const act = { merge: 'merge main', service: 'service web' };
    host.on(stage, { until: held });
    harness = await RunHarness.start(host);
    const run = await harness.start(pipeline({ stages: FIFTEEN }));
    const isHeld = stage === 's08' ? act.merge : stage === 's12' ? act.service : undefined;
    await run.until((view) =>
      isHeld === undefined
        ? host.acts.some((one) => one === `run ${stage}` || one === `agent ${stage}`)
        : host.acts.includes(isHeld) || view.stages.some((one) => one.key === stage && one.status !== 'pending'),
    );
    return { host, run };
  }

  it.each(IDS)('cancelled during %s, the world is as it was', async (stage) => {
    const { host, run } = await startHeldAt(stage);
    await run.workflow.executeUpdate(cancelUpdate, { args: [{ who: 'tester' }] }).catch(() => undefined);
    const { status, view } = await run.result();
    if (status === 'SUCCESS') throw new Error(`the run ended before it was cancelled in ${stage}`);
    expect(status).toBe('CANCELLED');
    expect([...host.world]).toEqual(NOTHING_DONE);
    expect(view.undos.every((undo) => undo.outcome === 'done')).toBe(true);
  });

  it.each(IDS)('rolled back during %s, the world is as it was', async (stage) => {
    const { host, run } = await startHeldAt(stage);
    await run.workflow.executeUpdate(rollbackUpdate, { args: [{ who: 'tester' }] });
    const { status } = await run.result();
    expect(status).toBe('ROLLED_BACK');
    expect([...host.world]).toEqual(NOTHING_DONE);
  });

  it('rolls back to a stage and keeps what was done up to it', async () => {
    const { host, run } = await startHeldAt('s10');
    await run.workflow.executeUpdate(rollbackUpdate, { args: [{ who: 'tester', to: 's04' }] });
    const { status, view } = await run.result();
    expect(status).toBe('ROLLED_BACK');
    expect([...host.world].filter((word) => !word.startsWith('branch'))).toEqual(['ran s01', 'ran s02', 'ran s04']);
    expect(view.stages.find((one) => one.key === 's04')?.status).toBe('succeeded');
    expect(view.stages.find((one) => one.key === 's07')?.status).toBe('undone');
  });

  it('goes newest first', async () => {
    const { host, run } = await startHeldAt('s13');
    await run.workflow.executeUpdate(cancelUpdate, { args: [{ who: 'tester' }] });
    await run.result();
    const undone = (await run.view()).undos.map((undo) => undo.stage);
    expect(undone).toEqual(['s13', 's12', 's11', 's10', 's09', 's08', 's07', 's04', 's02', 's01', '']);
    expect(host.count('undo stop-service')).toBe(1);
  });

  it('tries an undo that fails again, and then says it is done', async () => {
    const { host, run } = await startHeldAt('s09');
    host.brokenUndos.set('unmerge', 2);
    await run.workflow.executeUpdate(cancelUpdate, { args: [{ who: 'tester' }] });
    const { view } = await run.result();
    expect(host.count('undo unmerge')).toBe(3);
    expect(view.undos.find((undo) => undo.stage === 's08')?.outcome).toBe('done');
    expect([...host.world]).toEqual(NOTHING_DONE);
  });

  it('reports an undo that cannot be done, and still does the others', async () => {
    const { host, run } = await startHeldAt('s09');
    host.brokenUndos.set('unmerge', 100);
    await run.workflow.executeUpdate(cancelUpdate, { args: [{ who: 'tester' }] });
    const { view } = await run.result();
    expect(view.undos.filter((undo) => undo.outcome === 'failed')).toEqual([
      expect.objectContaining({ stage: 's08', message: 'unmerge is broken' }),
    ]);
    expect([...host.world]).toEqual([expect.stringContaining('merge ')]);
  });

  it("takes a failing stage's own effects back at once, and keeps the others for resume", async () => {
    const host = new FakeHost().on('check deploy', { fail: { type: 'Stage.CheckFailed' } });
    harness = await RunHarness.start(host);
    const run = await harness.start(
      pipeline({
        stages: {
          build: { run: 'build', undo: 'undo build' },
          deploy: {
            needs: 'build',
            service: { name: 'web', run: 'serve' },
            retry: { attempts: 1 },
            check: { http: 'http://127.0.0.1:1/' },
          },
        },
      }),
    );
    expect((await run.result()).status).toBe('PARTIAL_SUCCESS');
    expect([...host.world].some((word) => word.startsWith('service'))).toBe(false);
    expect(host.world.has('ran build')).toBe(true);
  });

  it('takes everything back at a failure when the pipeline says so', async () => {
    const host = new FakeHost().on('test', { exitCode: 1 });
    harness = await RunHarness.start(host);
    const run = await harness.start(
      pipeline({
        'on-failure': 'rollback',
        stages: {
          build: { run: 'build', undo: 'undo build' },
          test: { needs: 'build', run: 'test', undo: 'undo test' },
        },
      }),
    );
    const { status, view } = await run.result();
    expect(status).toBe('ROLLED_BACK');
    expect(view.failure?.type).toBe('Stage.CommandFailed');
    expect([...host.world]).toEqual(NOTHING_DONE);
  });

  it('obeys a cancel from the Web UI, and shows the run as cancelled', async () => {
    const { host, run } = await startHeldAt('s07');
    await run.workflow.cancel();
    await expect(run.workflow.result()).rejects.toThrow('cancelled');
    expect([...host.world]).toEqual(NOTHING_DONE);
    expect((await run.workflow.describe()).status.name).toBe('CANCELLED');
    expect((await run.view()).status).toBe('CANCELLED');
  });
});
