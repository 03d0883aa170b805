import { renderRoute } from '../../../../client/cli/render/routing';
import { PLAIN } from '../../../../client/cli/render/paint';
import type { RouteExplanation } from '../../../../client/models/explain-route';
import { route } from '../../../../contracts/routing/route';
import { NOW, factsOf, provider, request } from '../../../support/routing-facts';

const options = { paint: PLAIN, width: 200, timeZone: 'UTC' };
const A = provider('a', ['m'], { prices: { m: { input: 1, output: 0 } } });
const B = provider('b', ['m'], { prices: { '*': 'free' } });

const explained = (facts: ReturnType<typeof factsOf>, more: Partial<RouteExplanation> = {}): RouteExplanation => {
  const asked = request({ task: 'code', team: 'web' });
  return {
    at: NOW,
    source: 'gantry.config.yaml',
    request: asked,
    route: route(asked, facts),
    breakers: { known: {} },
    profiles: { known: [] },
    ...more,
  };
};
const linesOf = (one: RouteExplanation): string[] => renderRoute(one, options).split('\n');

it('shows the order with every reason, and who is not asked, why and until when', () => {
  const facts = factsOf(
    [A, B, provider('c', ['m'])],
    {
      routes: [{ task: ['code'], chain: ['a', 'b', 'c'], prefer: 'cost' }],
      policies: [{ name: 'watch', mode: 'MONITOR', deny: ['b'] }],
    },
    {
      standings: new Map([
        ['c', { state: 'open', until: NOW + 60_000, generation: 1, why: 'Provider.Quota: used up' }],
      ]),
    },
  );
  expect(linesOf(explained(facts))).toEqual([
    'routes[1] (task: code) in gantry.config.yaml',
    'for task code, team web, about 1.0 k tokens of prompt',
    '',
    ' 1. b/m  free',
    '    costs nothing',
    '    named as number 2',
    '    told only: policy watch (MONITOR): b may not be asked',
    ' 2. a/m  at most $0.001000',
    '    costs $0.001000 at most, by its price',
    '    named as number 1',
    '',
    'Not asked',
    '    c/m  breaker: the breaker of c is open (Provider.Quota: used up) until 12:01',
  ]);
});

it('shows the arm of an experiment', () => {
  const heads = (share: number) => {
    const arms = { fast: { chain: ['b'], share } };
    return linesOf(explained(factsOf([A, B], { experiments: [{ name: 'trial', arms }] }))).slice(0, 2);
  };
  expect(heads(100)[0]).toBe('experiment trial, arm fast in gantry.config.yaml');
  expect(heads(0)).toEqual([
    'the order of the providers in gantry.config.yaml',
    'experiment trial leaves it the usual way',
  ]);
});

it('says in one sentence why nobody is asked', () => {
  const facts = factsOf([A], { policies: [{ name: 'none', mode: 'HARD', deny: ['a'] }] });
  expect(linesOf(explained(facts)).slice(3)).toEqual([
    'No model provider takes the request now: a/m: policy none (HARD): a may not be asked.',
  ]);
});

it('says when the first of them may answer', () => {
  const standings = new Map([['a', { state: 'open', until: NOW + 60_000, generation: 1 } as const]]);
  expect(linesOf(explained(factsOf([A], {}, { standings }))).slice(3)).toEqual([
    'No model provider takes the request now: a/m: the breaker of a is open, until 2026-11-21T12:01:00.000Z.',
    'The first of them may answer at 12:01.',
  ]);
});

it('says what could not be known, and obeys no terminal code of a provider', () => {
  const facts = factsOf(
    [A],
    {},
    { standings: new Map([['a', { state: 'isolated', generation: 1, why: '\u001b[2Jgone' }]]) },
  );
  const text = renderRoute(
    explained(facts, { breakers: { unknown: 'nobody is there' }, profiles: { unknown: 'no worker' } }),
    options,
  );
  expect(text).not.toContain('\u001b');
  expect(text.split('\n').slice(-2)).toEqual([
    'How the breakers stand is unknown: nobody is there',
    'What was learned of models is unknown: no worker',
  ]);
});
