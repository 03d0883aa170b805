import fc from 'fast-check';
import { poolsOf } from '../../../client/sessions/pool-options';
import { agentsConfig } from '../../../contracts/schemas/agents';

const agents = agentsConfig.parse({
  claude: { kind: 'claude', sessions: '1..2' },
  codex: { kind: 'codex', sessions: 3 },
  'claude-fast': { kind: 'claude' },
});
const pools = (pool: string[], reserve: string[] = []) => poolsOf({ pool, reserve }, agents);

it('reads counts, ranges and an agent of another name', () => {
  expect(pools(['codex=3', 'claude=2..5', 'quick=1:claude-fast'])).toEqual([
    { pool: 'codex', agent: 'codex', min: 3, max: 3 },
    { pool: 'claude', agent: 'claude', min: 2, max: 5 },
    { pool: 'quick', agent: 'claude-fast', min: 1, max: 1 },
  ]);
});

it('is every configured agent when none is named', () => {
  expect(pools([])).toEqual([
    { pool: 'claude', agent: 'claude', min: 1, max: 2 },
    { pool: 'codex', agent: 'codex', min: 3, max: 3 },
    { pool: 'claude-fast', agent: 'claude-fast', min: 0, max: 1 },
  ]);
});

describe('sessions kept free', () => {
  it('are taken out of the pool they belong to', () => {
    expect(pools(['claude=2..5'], ['claude-critical=1'])).toEqual([
      { pool: 'claude', agent: 'claude', min: 1, max: 4 },
      { pool: 'claude-critical', agent: 'claude', min: 1, max: 1 },
    ]);
  });

  it('run the agent of their pool, or the one with the longest fitting name', () => {
    expect(pools(['big=3:codex'], ['big-critical=1']).at(-1)).toMatchObject({ agent: 'codex' });
    expect(pools(['codex=1'], ['claude-fast-critical=2']).at(-1)).toEqual({
      ...{ pool: 'claude-fast-critical', agent: 'claude-fast', min: 2, max: 2 },
    });
  });

  it('never make a pool larger than it was asked to be, and always leave it some', () => {
    const sizes = fc.record({
      min: fc.nat(64),
      max: fc.integer({ min: 1, max: 64 }),
      kept: fc.integer({ min: 1, max: 99 }),
    });
    fc.assert(
      fc.property(sizes, ({ min, max, kept }) => {
        const size = `${Math.min(min, max)}..${max}`;
        if (kept >= max) {
          expect(() => pools([`codex=${size}`], [`codex-critical=${kept}`])).toThrow('leaves none for other work');
          return;
        }
        const [own, critical] = pools([`codex=${size}`], [`codex-critical=${kept}`]);
        expect(own!.max + critical!.max).toBe(max);
        expect(own!.min).toBeLessThanOrEqual(own!.max);
        expect(own!.max).toBeGreaterThan(0);
      }),
    );
  });
});

it.each([
  [['codx=3'], [], 'no agent "codx" is configured. Did you mean "codex"?'],
  [['fast=2'], [], 'A pool named otherwise says its agent: NAME=SIZE:AGENT.'],
  [['fast=2:clade'], [], 'no agent "clade" is configured. Did you mean "claude"?'],
  [['codex'], [], 'it must be NAME=SIZE, such as codex=3'],
  [['codex=many'], [], 'the size must be a count or a range, such as 3 or 2..5, got "many"'],
  [['codex=0'], [], 'one session at least'],
  [['codex=65'], [], '64 sessions at most'],
  [['codex=5..2'], [], 'the range goes down'],
  [['Codex=1'], [], 'starts with a small letter'],
  [['codex=1', 'codex=2'], [], 'codex is named twice'],
  [['codex=2'], ['codex-critical'], 'it must be NAME=COUNT, such as claude-critical=1'],
  [['codex=2'], ['codex-critical=0'], 'it must be NAME=COUNT'],
  [['codex=2'], ['gemini-critical=1'], 'no agent is configured whose name it starts with'],
  [['codex=2'], ['codex-critical=2'], 'leaves none for other work'],
  [['codex=2', 'codex-critical=1:codex'], ['codex-critical=1'], 'codex-critical is named twice'],
])('%j with %j is refused', (pool, reserve, message) => {
  expect(() => pools(pool, reserve)).toThrow(message);
});
