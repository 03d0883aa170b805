import fc from 'fast-check';
import { withOverrides } from '../../../contracts/config/overrides';
import { fieldName, type Path } from '../../../contracts/pipeline/problem';
import { isMapping } from '../../../contracts/reading/values';
import { configOf, problemsOf } from '../../support/read-config';

const FILE = `
organisation: acme
providers:
  anthropic: { models: [claude-sonnet-5] }
  local-ai: { base-url: 'http://127.0.0.1:8080/v1', models: [phi], prices: { phi: { input: 1, output: 2 } } }
chains: { cheap: [local-ai], best: [anthropic] }
routes:
  - { task: simple, chain: cheap }
  - { chain: best }
policies:
  - { name: eu-only, mode: SOFT, allow: anthropic }
budgets: { limits: { day: 5 }, teams: { data_lake: { limits: { month: 9 } } } }
`;

it.each<[string, string, Path, unknown]>([
  ['GANTRY__ORGANISATION', 'other', ['organisation'], 'other'],
  ['GANTRY__PROVIDERS__ANTHROPIC__BASE_URL', 'http://h', ['providers', 0, 'baseUrl'], 'http://h'],
  ['GANTRY__PROVIDERS__ANTHROPIC__MODELS', '[a, b]', ['providers', 0, 'models'], ['a', 'b']],
  ['GANTRY__PROVIDERS__LOCAL_AI__ENABLED', 'false', ['providers', 'length'], 1],
  ['GANTRY__PROVIDERS__LOCAL_AI__FIRST_EVENT', '2m', ['providers', 1, 'firstEventMs'], 120_000],
  ['GANTRY__PROVIDERS__LOCAL_AI__ORGANIZATION', '123', ['providers', 1, 'organization'], '123'],
  [
    'GANTRY__PROVIDERS__LOCAL_AI__PRICES__PHI__OUTPUT',
    '4.5',
    ['providers', 1, 'prices', 'phi'],
    { input: 1, output: 4.5 },
  ],
  ['GANTRY__PROVIDERS__LOCAL_AI__PRICES', '{ "*": free }', ['providers', 1, 'prices'], { '*': 'free' }],
  ['GANTRY__PROVIDERS__OLLAMA__MODELS', '[m]', ['providers', 2, 'baseUrl'], 'http://127.0.0.1:11434'],
  [
    'GANTRY__PROVIDERS',
    '{ ollama: { models: [m] }, anthropic: , local-ai: { vendor: localai, models: [p] } }',
    ['providers', 0, 'name'],
    'ollama',
  ],
  ['GANTRY__CHAINS__CHEAP', '[anthropic, local-ai]', ['chains', 'cheap'], ['anthropic', 'local-ai']],
  ['GANTRY__CHAINS', '{ cheap: [phi], best: [phi] }', ['chains', 'best'], ['phi']],
  ['GANTRY__ROUTES__2__PREFER', 'quality', ['routes', 1, 'prefer'], 'quality'],
  ['GANTRY__ROUTES__1__TASK', '[simple, plain]', ['routes', 0, 'task'], ['simple', 'plain']],
  ['GANTRY__POLICIES__EU_ONLY__MODE', 'HARD', ['policies', 0, 'mode'], 'HARD'],
  ['GANTRY__BUDGETS__LIMITS__MONTH', '100', ['budgets', 'limits', 'month'], 100_000_000_000],
  ['GANTRY__BUDGETS__TEAMS__DATA_LAKE__LIMITS__MONTH', '8', ['budgets', 'teams', 'data_lake', 'limits', 'month'], 8e9],
  ['GANTRY__BUDGETS__ALERT_AT', '50', ['budgets', 'alert-at'], 50],
  ['GANTRY__GATEWAY__PORT', '0', ['gateway', 'port'], 0],
  ['gantry__gateway__port'.toUpperCase(), ' 1 ', ['gateway', 'port'], 1],
])('%s=%s stands above the file', (variable, value, path, expected) => {
  let found: unknown = configOf(FILE, { [variable]: value });
  for (const key of path) found = (found as Record<string | number, unknown>)[key];
  expect(found).toEqual(expected);
});

it.each([
  [
    'GANTRY__PROVIDERS__ANTROPIC__BASE_URL',
    'http://h',
    'there is no "ANTROPIC" in providers. Did you mean GANTRY__PROVIDERS__ANTHROPIC__BASE_URL?',
  ],
  ['GANTRY__PROVIDERS__ANTHROPIC__BASEURL', 'http://h', 'Did you mean GANTRY__PROVIDERS__ANTHROPIC__BASE_URL?'],
  ['GANTRY__ORGANIZATION', 'x', 'there is no "ORGANIZATION" in the configuration. Did you mean GANTRY__ORGANISATION?'],
  ['GANTRY__ORGANISATION__X', 'x', 'organisation has no parts, so that "X" means nothing in it.'],
  ['GANTRY__PROVIDERS__ANTHROPIC__MODELS__1', 'x', 'providers.anthropic.models has no parts'],
  ['GANTRY__ROUTES__3__PREFER', 'cost', 'there is no "3" in routes. There is 1, 2.'],
  ['GANTRY__CHAINS__CHEEP', '[phi]', 'Did you mean GANTRY__CHAINS__CHEAP?'],
  ['GANTRY__', 'x', 'there is no "" in the configuration'],
  ['GANTRY__GATEWAY__PORT', '[', 'is no YAML'],
  ['GANTRY__GATEWAY__PORT', 'many', 'gateway.port must be a number, got "many".'],
  ['GANTRY__ROUTES__1__CHAIN', 'cheep', 'no chain, provider or model is called "cheep". Did you mean "cheap"?'],
  ['GANTRY__BUDGETS__LIMITS__WEEK', '1', undefined],
])('%s=%s is refused by its name', (variable, value, message) => {
  const problems = problemsOf(FILE, { [variable]: value });
  // The larger of the two limits is the file's.
  expect(problems).toEqual([
    message === undefined
      ? expect.stringMatching(/^gantry\.config\.yaml:\d+:\d+ .*\$5\.00 for the day/)
      : expect.stringContaining(message),
  ]);
  if (message !== undefined) expect(problems[0]).toMatch(new RegExp(`^${variable}: `));
});

it('one that is blank is not there', () => {
  expect(configOf(FILE, { GANTRY__ORGANISATION: ' ' }).organisation).toBe('acme');
});

it('one that may mean two is refused', () => {
  const text = 'providers: { a-b: { base-url: "http://h", models: [m] }, a_b: { base-url: "http://h", models: [n] } }';
  expect(problemsOf(text, { GANTRY__PROVIDERS__A_B__KEY: 'K' })).toEqual([
    'GANTRY__PROVIDERS__A_B__KEY: means both a-b and a_b in providers: set providers as a whole.',
  ]);
});

it('whole parts are set before what is in them', () => {
  const env = { GANTRY__BUDGETS__LIMITS__DAY: '2', GANTRY__BUDGETS: '{ limits: { day: 1, week: 7 } }' };
  expect(configOf(FILE, env).budgets?.limits).toEqual({ day: 2e9, week: 7e9 });
});

it('changes what it names in a configuration of the environment alone', () => {
  const env = { ANTHROPIC_API_KEY: 'k', GANTRY__PROVIDERS__ANTHROPIC__MAX_OUTPUT: '99', GANTRY__GATEWAY__PORT: '7' };
  expect(configOf(undefined, env)).toMatchObject({
    providers: [{ name: 'anthropic', maxOutput: 99 }],
    gateway: { port: 7 },
  });
});

const name = fc.stringMatching(/^[a-z]{1,6}([-_][a-z0-9]{1,4})?$/);

/** The places of scalars in a source, as variables spell them. */
function scalars(value: unknown, path: Path = []): Path[] {
  if (!isMapping(value)) return [path];
  return Object.entries(value).flatMap(([key, inner]) => scalars(inner, [...path, key]));
}

it('any scalar of any file is set by its variable, and nothing beside it', () => {
  const chains = fc.dictionary(name, fc.constant(['m']), { minKeys: 1, maxKeys: 4, noNullPrototype: true });
  const providers = fc.dictionary(
    name,
    fc.record({ 'base-url': fc.constant('http://h'), 'max-output': fc.nat(), enabled: fc.boolean() }),
    { minKeys: 1, maxKeys: 4, noNullPrototype: true },
  );
  fc.assert(
    fc.property(fc.record({ organisation: name, chains, providers }), fc.nat(), fc.nat(), (source, pick, value) => {
      const paths = scalars(source);
      const path = paths[pick % paths.length] ?? [];
      const spelt = path.map((key) => String(key).toUpperCase().replaceAll('-', '_'));
      // Two names that are spelt alike are refused, which has a test of its own.
      fc.pre(new Set(paths.map((one) => one.join('.').replaceAll('-', '_'))).size === paths.length);
      const variable = `GANTRY__${spelt.join('__')}`;
      const { source: changed, problems, origins } = withOverrides(source, { [variable]: `[${value}]` });
      expect(problems).toEqual([]);
      expect(origins).toEqual([{ path, variable }]);
      const expected = structuredClone(source) as Record<string, unknown>;
      let parent = expected;
      for (const key of path.slice(0, -1)) parent = parent[key] as Record<string, unknown>;
      parent[path.at(-1) ?? ''] = [value];
      expect(changed).toEqual(expected);
    }),
  );
});

it('a variable that names nothing known is never taken for something else', () => {
  const word = fc.stringMatching(/^[A-Z]{1,8}$/);
  fc.assert(
    fc.property(fc.array(word, { minLength: 1, maxLength: 4 }), (words) => {
      const variable = `GANTRY__${words.join('__')}`;
      const source = { providers: { house: { 'base-url': 'http://h', models: ['m'] } } };
      const { problems, origins } = withOverrides(source, { [variable]: 'x' });
      const meant = origins.map(({ path }) => path.map((key) => String(key).toUpperCase().replaceAll('-', '_')));
      expect(problems.length + origins.length).toBe(1);
      expect(problems.length === 1 || meant[0]?.join('__') === words.join('__')).toBe(true);
      expect(problems.every((problem) => problem.variable === variable && fieldName(problem.path) !== undefined)).toBe(
        true,
      );
    }),
  );
});
