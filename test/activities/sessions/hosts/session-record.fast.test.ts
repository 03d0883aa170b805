import fc from 'fast-check';
import {
  isUnhealthy,
  newSession,
  reduceSession,
  type LeaseRecord,
  type SessionEvent,
} from '../../../../activities/sessions/hosts/session-record';

const START = newSession('codex', 'codex', 2, 0);

function lease(id: string): LeaseRecord {
  return { id, dispatchId: `d-${id}`, run: { project: 'p', runId: 'r' }, stage: 's', since: 1, begun: false };
}

const id = fc.constantFrom('a', 'b', 'c');
const event: fc.Arbitrary<SessionEvent> = fc.oneof(
  id.map((one) => ({ type: 'leased', lease: lease(one) }) as const),
  id.map((leaseId) => ({ type: 'begun', leaseId }) as const),
  id.map((leaseId) => ({ type: 'released', leaseId, at: 5 }) as const),
  id.map((agentId) => ({ type: 'occupied', agentId }) as const),
  id.map((agentId) => ({ type: 'vacated', agentId }) as const),
  fc.boolean().map((draining) => ({ type: 'draining', draining }) as const),
  fc.constant({ type: 'failed', why: 'no' } as const),
  fc.constant({ type: 'trusted' } as const),
);

describe('a session', () => {
  it('has one lease at a time, which nobody else begins or ends', () => {
    fc.assert(
      fc.property(fc.array(event), (events) => {
        let record = START;
        for (const one of events) {
          const before = record.lease;
          record = reduceSession(record, one);
          if (before === undefined) continue;
          const isEnded = one.type === 'released' && one.leaseId === before.id;
          expect(record.lease?.id).toBe(isEnded ? undefined : before.id);
        }
      }),
    );
  });

  it('keeps a lease that has begun until it is ended', () => {
    let record = reduceSession(START, { type: 'leased', lease: lease('a') });
    record = reduceSession(record, { type: 'begun', leaseId: 'b' });
    expect(record.lease).toMatchObject({ id: 'a', begun: false });
    record = reduceSession(record, { type: 'begun', leaseId: 'a' });
    expect(record.lease).toMatchObject({ id: 'a', begun: true });
    record = reduceSession(record, { type: 'released', leaseId: 'a', at: 7 });
    expect(record).toMatchObject({ freeSince: 7 });
    expect(record.lease).toBeUndefined();
  });

  it('is unhealthy after three agents in a row that did not come up, until one did', () => {
    const failed = { type: 'failed', why: 'its agent ended at once' } as const;
    const twice = [failed, failed].reduce(reduceSession, START);
    expect(isUnhealthy(twice)).toBe(false);
    expect(isUnhealthy(reduceSession(twice, failed))).toBe(true);
    expect(isUnhealthy([{ type: 'trusted' } as const, failed].reduce(reduceSession, twice))).toBe(false);
  });

  it('forgets only the agent that went', () => {
    const occupied = reduceSession(START, { type: 'occupied', agentId: 'new' });
    expect(reduceSession(occupied, { type: 'vacated', agentId: 'old' }).agentId).toBe('new');
    expect(reduceSession(occupied, { type: 'vacated', agentId: 'new' }).agentId).toBeUndefined();
  });
});
