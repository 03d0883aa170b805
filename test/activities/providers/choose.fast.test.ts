import fc from 'fast-check';
import { candidatesFor, nextCandidate, type Candidate, type Trial } from '../../../activities/providers/choose';

const A = { name: 'anthropic', models: ['claude'], standIn: false };
const B = { name: 'openai', models: ['gpt', 'shared'], standIn: false };
const C = { name: 'router', models: ['meta/llama', 'shared'], standIn: false };
const OFFLINE = { name: 'offline', models: ['offline-scripted'], standIn: true };

const names = (candidates: readonly Candidate[]) => candidates.map(({ provider, model }) => `${provider}/${model}`);

describe('candidates', () => {
  it.each([
    [
      'nothing is asked for: everybody, with the default model',
      undefined,
      ['anthropic/claude', 'openai/gpt', 'router/meta/llama'],
    ],
    ['a provider and its model: that alone', 'openai/gpt-9', ['openai/gpt-9']],
    ['a model: those who list it', 'shared', ['openai/shared', 'router/shared']],
    ['a model nobody lists: the first provider', 'new', ['anthropic/new']],
    ['a model with a slash in its name', 'meta/llama', ['router/meta/llama']],
    ['the stand-in by name', 'offline/offline-scripted', ['offline/offline-scripted']],
  ])('%s', (_what, requested, expected) => {
    expect(names(candidatesFor([A, B, C, OFFLINE], requested))).toEqual(expected);
  });

  it('a stand-in answers as itself when there is nobody else, whatever was asked for', () => {
    expect(names(candidatesFor([OFFLINE], undefined))).toEqual(['offline/offline-scripted']);
    expect(names(candidatesFor([OFFLINE], 'claude'))).toEqual(['offline/offline-scripted']);
  });

  it('nobody is configured: nobody', () => {
    expect(candidatesFor([], undefined)).toEqual([]);
    expect(candidatesFor([], 'claude')).toEqual([]);
  });
});

describe('whose turn it is', () => {
  const a: Candidate = { provider: 'a', model: 'm' };
  const b: Candidate = { provider: 'b', model: 'm' };
  const failed = (candidate: Candidate, more: Partial<Trial> = {}): Trial => ({
    ...candidate,
    failures: 1,
    lastType: 'Provider.ServerError',
    final: false,
    ...more,
  });
  const next = (trials: readonly Trial[], attempt = trials.length + 1, now = 1_000) =>
    nextCandidate([a, b], trials, { attempt, now })?.provider;

  it('goes round while all fail in passing: a, b, a, b', () => {
    expect(next([])).toBe('a');
    expect(next([failed(a)])).toBe('b');
    expect(next([failed(a), failed(b)])).toBe('a');
    expect(next([failed(a, { failures: 2 }), failed(b)])).toBe('b');
  });

  it('leaves out whose failure was final, and ends when nobody is left', () => {
    expect(next([failed(a, { final: true })])).toBe('b');
    expect(next([failed(a, { final: true }), failed(b, { failures: 3 })])).toBe('b');
    expect(next([failed(a, { final: true }), failed(b, { final: true })])).toBeUndefined();
  });

  it('lets others go before one that wants to be left alone, and else takes the one whose wait ends first', () => {
    expect(next([failed(a, { notBefore: 5_000 }), failed(b, { failures: 3 })])).toBe('b');
    expect(next([failed(a, { notBefore: 5_000 }), failed(b, { notBefore: 3_000 })])).toBe('b');
    expect(next([failed(a, { notBefore: 900 }), failed(b)])).toBe('a');
  });

  it('goes round by the number of the attempt alone when nothing is remembered', () => {
    expect([1, 2, 3].map((attempt) => next([], attempt))).toEqual(['a', 'b', 'a']);
  });

  it('never asks a candidate whose failure was final, and always finds one that is not', () => {
    const trials = fc.array(
      fc.record({
        provider: fc.constantFrom('a', 'b', 'c'),
        model: fc.constant('m'),
        failures: fc.integer({ min: 1, max: 9 }),
        lastType: fc.constant('Provider.ServerError' as const),
        final: fc.boolean(),
        notBefore: fc.integer({ min: 0, max: 2_000 }),
      }),
      { minLength: 1, maxLength: 3 },
    );
    const candidates = ['a', 'b', 'c'].map((provider) => ({ provider, model: 'm' }));
    fc.assert(
      fc.property(trials, (some) => {
        const distinct = some.filter(
          (trial, at) => some.findIndex(({ provider }) => provider === trial.provider) === at,
        );
        const out = distinct.filter(({ final }) => final).map(({ provider }) => provider);
        const chosen = nextCandidate(candidates, distinct, { attempt: 2, now: 1_000 });
        expect(out).not.toContain(chosen?.provider);
        expect(chosen === undefined).toBe(out.length === candidates.length);
      }),
    );
  });
});
