import { approveSignal, approveUpdate, rejectUpdate } from '../../contracts/messages';
import type { RunHandle } from '../support/run-harness';
import { pipeline } from '../support/pipelines';
import { RunHarness } from '../support/run-harness';

describe('gates', () => {
  let harness: RunHarness;
  beforeEach(async () => {
    harness = await RunHarness.start();
  });
  afterEach(() => harness.stop());

  const gated = (gate: Record<string, unknown>) =>
    pipeline({ stages: { approve: { gate }, ship: { needs: 'approve', run: 'ship', workspace: 'none' } } });

  async function refusal(run: RunHandle, who: string, gate = 'approve', update = approveUpdate): Promise<string> {
    const error = await run.workflow.executeUpdate(update, { args: [{ gate, who }] }).then(
      () => undefined,
      (reason: Error) => reason.cause as Error,
    );
    return error?.message ?? 'was counted';
  }

  it('open by enough approvals of those who may, and answer every other vote', async () => {
    const run = await harness.start(gated({ approvers: ['lead', 'release-manager', 'qa'], min: 2 }));
    await run.untilGate('approve');
    expect(await refusal(run, 'intern')).toBe('intern may not decide gate "approve"; lead, release-manager, qa may.');
    expect(await refusal(run, 'lead', 'deploy')).toBe('No gate "deploy" is open on this run. Open: approve.');
    const first = await run.workflow.executeUpdate(approveUpdate, { args: [{ gate: 'approve', who: 'lead' }] });
    expect(first.message).toBe('Counted. Gate "approve" needs 1 more approval.');
    expect(await refusal(run, 'lead')).toBe('lead has voted to approve already; it is counted.');
    expect(await refusal(run, 'lead', 'approve', rejectUpdate)).toBe(
      'lead has voted to approve already and cannot take it back.',
    );
    const second = await run.workflow.executeUpdate(approveUpdate, {
      args: [{ gate: 'approve', who: 'qa', comment: 'fine' }],
    });
    expect(second.message).toBe('Gate "approve" is approved by lead, qa.');
    expect((await run.result()).status).toBe('SUCCESS');
    const votes = (await run.audit()).filter((entry) => entry.what === 'gate.voted');
    expect(votes.map(({ who, text }) => [who, text])).toEqual([
      ['lead', 'approve'],
      ['qa', 'approve: fine'],
    ]);
    const refused = (await run.audit()).filter((entry) => entry.what === 'gate.refused-vote');
    expect(refused.map((entry) => entry.who)).toEqual(['intern', 'lead', 'lead', 'lead']);
  });

  it('tell a late voter what was decided while the run goes on', async () => {
    let release!: () => void;
    harness.host.on('ship', { until: new Promise<void>((resolve) => (release = resolve)) });
    const run = await harness.start(gated({ approvers: ['lead', 'qa'] }));
    await run.untilGate('approve');
    await run.workflow.executeUpdate(approveUpdate, { args: [{ gate: 'approve', who: 'lead' }] });
    await run.until(() => harness.host.count('run ship') === 1);
    expect(await refusal(run, 'qa')).toBe('Gate "approve" is decided: approved by lead.');
    release();
    expect((await run.result()).status).toBe('SUCCESS');
  });

  it('count signals as the Web UI sends them, and keep refused ones in the audit trail', async () => {
    const run = await harness.start(gated({ approvers: ['lead'] }));
    await run.untilGate('approve');
    await run.workflow.signal(approveSignal, { gate: 'approve', who: 'intern' });
    await run.workflow.signal(approveSignal, { gate: 'approve', who: 'lead' });
    expect((await run.result()).status).toBe('SUCCESS');
    const refused = (await run.audit()).filter((entry) => entry.what === 'gate.refused-vote');
    expect(refused).toHaveLength(1);
    expect(refused[0]?.who).toBe('intern');
  });

  it('close by one rejection, and the run ends', async () => {
    const run = await harness.start(gated({ approvers: ['lead', 'qa'], min: 2 }));
    await run.untilGate('approve');
    await run.workflow.executeUpdate(rejectUpdate, { args: [{ gate: 'approve', who: 'qa', comment: 'untested' }] });
    const { view } = await run.result();
    expect(view.failure).toMatchObject({ type: 'Gate.Rejected', evidence: { inline: 'qa: untested' } });
    expect(harness.host.count('run ship')).toBe(0);
  });

  it.each([
    ['reject', 'SYSTEM_FAILURE'],
    ['approve', 'SUCCESS'],
  ])('remind, escalate and at their deadline %s', async (onTimeout, status) => {
    const run = await harness.start(
      gated({
        approvers: ['lead'],
        remind: '300ms',
        escalate: { after: '500ms', to: ['boss'] },
        deadline: '1s',
        'on-timeout': onTimeout,
      }),
    );
    expect((await run.result()).status).toBe(status);
    const audit = (await run.audit()).map((entry) => entry.what);
    expect(audit).toEqual(expect.arrayContaining(['gate.opened', 'gate.reminded', 'gate.escalated', 'gate.decided']));
  });

  it('let those decide they were escalated to', async () => {
    const run = await harness.start(gated({ approvers: ['lead'], escalate: { after: '200ms', to: ['boss'] } }));
    await run.until((view) => view.gates[0]?.escalated === true);
    await run.workflow.executeUpdate(approveUpdate, { args: [{ gate: 'approve', who: 'boss' }] });
    expect((await run.result()).status).toBe('SUCCESS');
  });

  it('open by themselves in the modes that say so', async () => {
    const run = await harness.start(gated({ approvers: ['lead'], 'open-in': ['auto_prod'] }), { mode: 'auto_prod' });
    const { status, view } = await run.result();
    expect(status).toBe('SUCCESS');
    expect(view.gates[0]).toMatchObject({ outcome: 'approved', decidedBy: 'mode' });
  });

  it('survive the worker: votes cast while none is there count when one is back', async () => {
    const run = await harness.start(gated({ approvers: ['lead'] }));
    await run.untilGate('approve');
    await harness.stopWorkers();
    await run.workflow.signal(approveSignal, { gate: 'approve', who: 'lead' });
    await harness.startWorkers();
    expect((await run.result()).status).toBe('SUCCESS');
    expect(harness.host.count('run ship')).toBe(1);
  });
});
