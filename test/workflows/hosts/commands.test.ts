import fc from 'fast-check';
import type { HostLogEntry } from '../../../contracts/messages';
import { SESSION_ACTIONS, type ControlInput } from '../../../contracts/sessions';
import { detailsOf } from '../../../workflows/hosts/details';
import { faultOf, readCommand } from '../../../workflows/hosts/read-command';

const command: ControlInput = { who: 'ada', action: 'stop', targets: ['codex-1'] };

describe('a command that is sent', () => {
  it('is told from anything else, and no message breaks the one who reads it', () => {
    fc.assert(
      fc.property(fc.anything(), (sent) => {
        expect(typeof faultOf(sent)).toBe('string');
      }),
    );
  });

  it.each(SESSION_ACTIONS)('%s of sessions, of pools, or of all of a host is one', (action) => {
    for (const targets of [[], ['codex-1'], ['claude-critical', 'codex']]) {
      expect(faultOf({ ...command, action, targets })).toBeUndefined();
    }
  });

  it.each([
    ['more targets than a host has', { targets: Array.from({ length: 101 }, (_, i) => `codex-${i}`) }],
    ['a target that is a path', { targets: ['../codex'] }],
    ['a target that is no text', { targets: [undefined] }],
    ['a pool with spaces', { action: 'reserve', pool: 'my pool' }],
    ['a pool that nobody reserves for', { pool: 'codex' }],
    ['a force that is a word', { force: 'yes' }],
    ['a name as long as a letter', { who: 'a'.repeat(101) }],
  ])('%s is not', (_name, more) => {
    expect(faultOf({ ...command, ...more })).toEqual(expect.any(String));
  });

  it('carries nothing but itself', () => {
    expect(readCommand({ ...command, odd: 1 } as ControlInput)).toEqual(command);
    const reserve = { ...command, action: 'reserve', pool: 'codex-critical', force: true } as const;
    expect(readCommand(reserve)).toEqual(reserve);
  });
});

describe('what the Web UI shows of a host', () => {
  const answer: fc.Arbitrary<HostLogEntry['answer']> = fc.oneof(
    fc.constant(undefined),
    fc.record({ failure: fc.string({ unit: 'binary', maxLength: 2_000 }) }),
    fc.record({ done: fc.array(fc.string(), { maxLength: 100 }), refused: fc.array(fc.string(), { maxLength: 100 }) }),
  );
  const log = fc.array(
    fc.record({
      who: fc.string({ minLength: 1, maxLength: 100 }),
      action: fc.constantFrom(...SESSION_ACTIONS),
      targets: fc.array(fc.string({ unit: 'grapheme', maxLength: 60 }), { maxLength: 100 }),
      at: fc.integer({ min: 0, max: 2_000_000_000_000 }),
      answer,
    }),
    { maxLength: 50 },
  );

  it('fits into what Temporal keeps, whatever was commanded', () => {
    const widest = { ...command, at: 0, answer: { failure: '€'.repeat(2_000) } };
    expect(
      Buffer.byteLength(
        detailsOf(
          'alpha',
          Array.from({ length: 50 }, () => widest),
        ),
      ),
    ).toBeLessThan(20_000);
    fc.assert(
      fc.property(log, (entries) => {
        const kept = entries.map(({ answer: given, ...entry }) => ({ ...entry, ...(given && { answer: given }) }));
        expect(Buffer.byteLength(detailsOf('alpha', kept))).toBeLessThan(20_000);
      }),
      { numRuns: 50 },
    );
  });

  it('begins with the latest command', () => {
    const entries: HostLogEntry[] = [
      { ...command, at: 0, answer: { done: ['codex-1'], refused: [] } },
      { ...command, who: 'bob', at: 1_000 },
    ];
    const lines = detailsOf('alpha', entries).split('\n');
    expect(detailsOf('alpha', [{ ...command, at: 0, answer: { failure: 'two\nlines' } }])).toMatch(/→ two lines$/);
    expect(lines.slice(-2)).toEqual([
      '- 1970-01-01T00:00:01.000Z **bob**: stop codex-1 → at work',
      '- 1970-01-01T00:00:00.000Z **ada**: stop codex-1 → done: codex-1',
    ]);
  });
});
