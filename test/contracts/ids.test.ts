import fc from 'fast-check';
import { gateName, leaseId, stageKey, stageOfGate } from '../../contracts/ids';

const keys = fc.tuple(
  fc.stringMatching(/^[a-z][a-z0-9_-]{0,20}$/),
  fc.option(fc.stringMatching(/^[a-z0-9.,#-]{1,20}$/), { nil: undefined }),
);

describe('ids', () => {
  it('a gate tells its stage, however many questions the stage has open', () => {
    fc.assert(
      fc.property(keys, fc.integer({ min: 1, max: 99 }), ([stage, label], number) => {
        const key = stageKey(stage, label);
        expect(stageOfGate(gateName(key, number))).toBe(key);
      }),
    );
  });

  it('each place of a dispatch in a queue has a lease of its own', () => {
    const places = [
      leaseId('r-1.work.1.1', 'codex', 1),
      leaseId('r-1.work.1.1', 'codex', 2),
      leaseId('r-1.work.1.1', 'claude', 1),
      leaseId('r-1.work.1.2', 'codex', 1),
    ];
    expect(places[0]).toBe('r-1.work.1.1@codex');
    expect(new Set(places).size).toBe(places.length);
  });
});
