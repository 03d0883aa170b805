import type { RouteRequest } from '../../../contracts/models';
import { USUAL_ARM, draw } from '../../../contracts/routing/experiment';
import { route } from '../../../contracts/routing/route';
import type { Experiment } from '../../../contracts/schemas/config/routes';
import { factsOf, order, provider, request } from '../../support/routing-facts';

const A = provider('anthropic', ['claude', 'haiku']);
const B = provider('openai', ['gpt', 'shared']);
const C = provider('router', ['meta/llama', 'shared']);
const OFFLINE = provider('offline', ['offline-scripted'], { standIn: true });
const ALL = [A, B, C, OFFLINE];

const by = (facts: ReturnType<typeof factsOf>, more: Partial<RouteRequest> = {}): string =>
  route(request(more), facts).by;

describe('what a request names', () => {
  const facts = factsOf(ALL, { chains: { cheap: ['openai', 'anthropic/haiku'], best: ['claude', 'cheap'] } });

  it.each([
    ['nothing: everybody, with the default model', undefined, ['anthropic/claude', 'openai/gpt', 'router/meta/llama']],
    ['a provider and a model, listed or not: that alone', 'openai/gpt-9', ['openai/gpt-9']],
    ['a provider: its first model alone', 'anthropic', ['anthropic/claude']],
    ['a model: those who list it', 'shared', ['openai/shared', 'router/shared']],
    ['a model nobody lists: the first provider', 'new', ['anthropic/new']],
    ['a model with a slash in its name', 'meta/llama', ['router/meta/llama']],
    ['a stand-in and its model', 'offline/offline-scripted', ['offline/offline-scripted']],
    ['a stand-in', 'offline', ['offline/offline-scripted']],
    ['the model of a stand-in', 'offline-scripted', ['offline/offline-scripted']],
    ['a chain', 'cheap', ['openai/gpt', 'anthropic/haiku']],
    ['a chain of chains', 'best', ['anthropic/claude', 'openai/gpt', 'anthropic/haiku']],
  ])('%s', (_what, model, expected) => {
    expect(order(facts, { ...(model !== undefined && { model }) })).toEqual(expected);
  });

  it('is said in the route', () => {
    expect(by(facts, { model: 'cheap' })).toBe('chain cheap');
    expect(by(facts, { model: 'shared' })).toBe('asked for by name');
    expect(by(facts, { model: 'new' })).toBe('asked for by name; no provider lists it, so the first is asked');
    expect(by(facts)).toBe('the order of the providers');
  });

  it('a stand-in answers as itself when there is nobody else, whatever was asked for', () => {
    for (const model of ['claude', 'anthropic/claude', 'offline']) {
      expect(order(factsOf([OFFLINE]), { model })).toEqual(['offline/offline-scripted']);
    }
    expect(order(factsOf([OFFLINE], { chains: { default: ['claude'] } }))).toEqual(['offline/offline-scripted']);
    expect(order(factsOf([OFFLINE]))).toEqual(['offline/offline-scripted']);
  });

  it('is nobody where nobody is configured', () => {
    expect(route(request(), factsOf([]))).toMatchObject({ candidates: [], rejected: [] });
    expect(route(request({ model: 'claude' }), factsOf([]))).toMatchObject({ candidates: [], rejected: [] });
  });

  it('has no end where chains name each other, and a name of a provider within a chain of that name is the provider', () => {
    const circle = factsOf(ALL, { chains: { a: ['b', 'gpt'], b: ['a', 'claude'], openai: ['openai', 'anthropic'] } });
    expect(order(circle, { model: 'a' })).toEqual(['anthropic/claude', 'openai/gpt']);
    expect(order(circle, { model: 'openai' })).toEqual(['openai/gpt', 'anthropic/claude']);
  });

  it('words of JavaScript are no chains', () => {
    expect(order(facts, { model: 'constructor' })).toEqual(['anthropic/constructor']);
  });

  it('is nobody else where a provider is named that cannot be asked from here', () => {
    const without = factsOf(ALL, { leftOut: ['router', 'house'] });
    for (const model of ['house', 'house/large']) {
      const { candidates, rejected } = route(request({ model }), without);
      expect(candidates).toEqual([]);
      expect(rejected).toMatchObject([{ provider: 'house', reason: expect.stringContaining(model) as string }]);
    }
  });

  it('names in the configuration that mean nobody are told, and the others are asked', () => {
    const gaps = factsOf(ALL, { chains: { default: ['ollama', 'perplexity/sonar', 'gpt'] } });
    const { candidates, rejected } = route(request(), gaps);
    expect(candidates).toHaveLength(1);
    expect(rejected).toEqual([
      {
        provider: 'ollama',
        model: '*',
        kind: 'unsuited',
        reason: 'nobody who is enabled and has a key is called ollama or lists such a model',
      },
      {
        provider: 'perplexity',
        model: 'sonar',
        kind: 'unsuited',
        reason: 'nobody who is enabled and has a key is called perplexity/sonar or lists such a model',
      },
    ]);
  });
});

describe('rules', () => {
  const facts = factsOf(ALL, {
    chains: { default: ['router'], cheap: ['openai'] },
    routes: [
      { task: ['research', 'review'], project: ['web'], chain: ['anthropic'], prefer: 'order' },
      { team: ['platform'], chain: ['cheap', 'anthropic'], prefer: 'order' },
      { task: ['any'], project: ['quiet'], chain: ['haiku'], prefer: 'order' },
    ],
  });

  it.each<[string, Partial<RouteRequest>, string, string]>([
    [
      'all of its conditions hold',
      { task: 'review', project: 'web' },
      'anthropic/claude',
      'routes[1] (task: research, review; project: web)',
    ],
    [
      'the first that fits decides',
      { task: 'review', project: 'web', team: 'platform' },
      'anthropic/claude',
      'routes[1] (task: research, review; project: web)',
    ],
    [
      'one condition that does not hold is enough',
      { task: 'review', team: 'platform' },
      'openai/gpt',
      'routes[2] (team: platform)',
    ],
    [
      'a request without a task is of any task',
      { project: 'quiet' },
      'anthropic/haiku',
      'routes[3] (task: any; project: quiet)',
    ],
    ['no rule: the default chain', { task: 'review' }, 'router/meta/llama', 'chain default'],
    [
      'what is named goes before all rules',
      { model: 'gpt', team: 'platform', task: 'review', project: 'web' },
      'openai/gpt',
      'asked for by name',
    ],
  ])('%s', (_what, more, first, why) => {
    expect(order(facts, more)[0]).toBe(first);
    expect(by(facts, more)).toBe(why);
  });

  it('a rule without conditions is for all', () => {
    expect(by(factsOf(ALL, { routes: [{ chain: ['gpt'], prefer: 'order' }] }))).toBe('routes[1] (for all)');
  });
});

describe('experiments', () => {
  const trial: Experiment = {
    name: 'faster',
    task: ['code'],
    arms: { a: { chain: ['openai'], share: 20 }, b: { chain: ['router', 'openai'], share: 30 } },
  };
  const facts = factsOf(ALL, { experiments: [trial], routes: [{ chain: ['anthropic'], prefer: 'order' }] });
  const ids = Array.from({ length: 4_000 }, (_, i) => `run-${i}/stage#1`);

  it('share requests out as they say, and the rest goes the usual way', () => {
    const count = { a: 0, b: 0, [USUAL_ARM]: 0 } as Record<string, number>;
    for (const id of ids) count[draw([trial], request({ id, task: 'code' }))!.arm]! += 1;
    // Four standard deviations of so many draws.
    expect(Math.abs(count['a']! - 800)).toBeLessThan(110);
    expect(Math.abs(count['b']! - 1_200)).toBeLessThan(120);
    expect(Math.abs(count[USUAL_ARM]! - 2_000)).toBeLessThan(130);
  });

  it('keep every attempt at one answer in one arm, and tell which', () => {
    const seen = new Set<string>();
    for (const id of ids.slice(0, 100)) {
      const [once, again] = [1, 2].map(() => route(request({ id, task: 'code' }), facts));
      expect(again).toEqual(once);
      const { by: why, experiment, candidates } = once!;
      seen.add(`${experiment?.arm}: ${why}: ${candidates[0]?.provider}`);
    }
    expect([...seen].sort()).toEqual([
      '(usual): routes[1] (for all): anthropic',
      'a: experiment faster, arm a: openai',
      'b: experiment faster, arm b: router',
    ]);
  });

  it('of another name draw otherwise, or the same requests would always be tried upon', () => {
    const arms = (name: string) => ids.map((id) => draw([{ ...trial, name }], request({ id, task: 'code' }))!.arm);
    const [one, other] = [arms('faster'), arms('slower')];
    const same = one.filter((arm, i) => arm === other[i]).length;
    expect(same / ids.length).toBeLessThan(0.5);
  });

  it('are about their own tasks only, and not about what is asked for by name', () => {
    expect(route(request({ task: 'plan' }), facts).experiment).toBeUndefined();
    expect(route(request({ task: 'code', model: 'gpt' }), facts).experiment).toBeUndefined();
  });

  it('give a whole share to everybody and an empty one to nobody', () => {
    const whole = { ...trial, arms: { a: { chain: ['gpt'], share: 0 }, b: { chain: ['gpt'], share: 100 } } };
    expect(new Set(ids.map((id) => draw([whole], request({ id, task: 'code' }))!.arm))).toEqual(new Set(['b']));
  });
});
