import { readConfig } from '../../../contracts/config/read-config';
import { withKeys } from '../../../contracts/config/with-keys';
import { configOf, problemsOf } from '../../support/read-config';

const WHOLE = `
organisation: acme
providers:
  anthropic:
    max-output: 8000
  eu:
    base-url: https://models.example.eu/v1
    key: EU_KEY
    models: [mistral-large, mistral-small]
    tags: [eu]
    prices: { '*': { input: 2, output: 6 } }
    first-event: 30s
  ollama: { models: [qwen3:8b], max-context: 16384 }
chains:
  cheap: [ollama, eu/mistral-small]
  best: [anthropic, cheap]
routes:
  - { task: simple, chain: cheap, prefer: cost }
  - { chain: best, team: platform }
experiments:
  - name: small-or-large
    arms: { small: { chain: mistral-small, share: 30 }, large: { chain: [mistral-large, best], share: 70 } }
policies:
  - { name: at-home, mode: HARD, project: [secret], allow: [local, eu] }
budgets:
  limits: { day: 20, month: 200.50 }
  teams:
    platform: { limits: { month: 50 }, projects: [calculator], jobs: { nightly: { limits: { day: 1 } } } }
  over: local
  local: ollama
gateway:
  keys:
    ci: { key: CI_KEY, team: platform, job: nightly, models: cheap }
`;

describe('a whole configuration', () => {
  const config = configOf(WHOLE);

  it('has its providers in order, completed by what is known of their vendors', () => {
    expect(config.providers).toEqual([
      {
        ...{ name: 'anthropic', vendor: 'anthropic', protocol: 'anthropic', baseUrl: 'https://api.anthropic.com' },
        ...{ keyVariable: 'ANTHROPIC_API_KEY', models: ['claude-sonnet-5'], tags: [], prices: {} },
        ...{ standIn: false, structuredOutput: true, maxOutput: 8000 },
      },
      {
        ...{ name: 'eu', protocol: 'openai', baseUrl: 'https://models.example.eu/v1', keyVariable: 'EU_KEY' },
        ...{ models: ['mistral-large', 'mistral-small'], tags: ['eu'], prices: { '*': { input: 2, output: 6 } } },
        ...{ standIn: false, structuredOutput: false, firstEventMs: 30_000 },
      },
      {
        ...{ name: 'ollama', vendor: 'ollama', protocol: 'ollama', baseUrl: 'http://127.0.0.1:11434' },
        ...{ models: ['qwen3:8b'], tags: ['local'], prices: {}, standIn: false, structuredOutput: true },
        ...{ maxContext: 16_384 },
      },
    ]);
  });

  it('has single names as lists, and money in nano-dollars', () => {
    expect(config).toMatchObject({
      organisation: 'acme',
      source: 'gantry.config.yaml',
      routes: [
        { task: ['simple'], chain: ['cheap'], prefer: 'cost' },
        { chain: ['best'], prefer: 'order' },
      ],
      budgets: { limits: { day: 20_000_000_000, month: 200_500_000_000 }, 'alert-at': 80, over: 'local' },
      gateway: { host: '127.0.0.1', port: 4180, keys: { ci: { models: ['cheap'] } } },
    });
  });
});

it('one text will do where a list is taken, and free for all models', () => {
  const one = 'providers: { ollama: { models: m, tags: eu, prices: free } }\nchains: { c: m }';
  const list = "providers: { ollama: { models: [m], tags: [eu], prices: { '*': free } } }\nchains: { c: [m] }";
  expect(configOf(one)).toEqual(configOf(list));
  const team = (projects: string) => `${one}\nbudgets: { teams: { web: { projects: ${projects} } } }`;
  expect(configOf(team('site'))).toEqual(configOf(team('[site]')));
});

describe('mistakes', () => {
  it('are told all at once, each with its place and the nearest word, in the order of the file', () => {
    const text = [
      'providers:',
      '  anthropic:',
      '    modles: [x]',
      '    first-event: soon',
      '  house: { base-url: "http://127.0.0.1:8080/v1", models: [phi] }',
      'chains:',
      '  cheap: [houes, anthropc/claude-sonnet-5]',
      'routes:',
      '  - { task: simple, chain: cheep }',
      '  - { task: hard, chain: phi, prefer: costs }',
    ].join('\n');
    expect(problemsOf(text)).toEqual([
      'gantry.config.yaml:3:5  there is no field "modles" in providers.anthropic. Did you mean "models"?',
      'gantry.config.yaml:4:18  providers.anthropic.first-event must be a duration such as 30s, 5m or 1h30m, got "soon".',
      'gantry.config.yaml:7:11  no chain, provider or model is called "houes". Did you mean "house"?',
      'gantry.config.yaml:7:18  there is no provider "anthropc". Did you mean "anthropic/claude-sonnet-5"?',
      'gantry.config.yaml:10:39  routes[2].prefer must be order, cost, latency or quality, got "costs". Did you mean "cost"?',
    ]);
  });

  it.each([
    ['a: [', 'gantry.config.yaml:1:5'],
    ['organisation: a\norganisation: b', 'gantry.config.yaml:2:1  this key stands here twice.'],
    ['- a', 'gantry.config.yaml:1:1  a configuration is an object with providers, got a list.'],
    ['organisation: A B', 'organisation must start with a letter'],
  ])('of the text itself are told too: %j', (text, message) => {
    expect(problemsOf(text)).toEqual([expect.stringContaining(message)]);
  });

  const provider = (rest: string) => `providers: { ollama: { models: [m] }, x: { ${rest} } }`;
  it.each([
    [provider('models: [a]'), 'providers.x has no base-url, and is named after no vendor'],
    [provider('vendor: gemini'), '1:39  providers.x.models is missing'],
    [provider('vendor: gemeni, models: [a]'), 'got "gemeni". Did you mean "gemini"?'],
    [provider('vendor: gemini, models: [a, a]'), '1:72  the model "a" is listed twice'],
    [provider('vendor: gemini, models: []'), 'providers.x.models needs a model.'],
    [provider('vendor: gemini, models: a, prices: cheap'), 'providers.x.prices must be free, got "cheap".'],
    [provider('vendor: gemini, models: a, max-output: 0'), 'providers.x.max-output must be more than 0, got 0.'],
    [provider('vendor: gemini, models: a, max-context: 100'), 'max-context must be at least 8192, got 100.'],
    [provider('base-url: ftp://x, models: [a]'), 'must be an http or https address, got "ftp://x"'],
    [provider('vendor: anthropic, protocol: openai'), "its vendor's own address is of another protocol"],
    [provider('vendor: anthropic, project: p'), 'providers.x.project means nothing to the protocol anthropic'],
    [provider('vendor: ollama, models: [a], key: K'), 'providers.x.key means nothing to the protocol ollama'],
    ['providers: { antropic: { models: [a] } }', 'Did you mean "anthropic"?'],
  ])('of a provider: %s', (text, message) => {
    expect(problemsOf(text)).toEqual([expect.stringContaining(message)]);
  });

  const OLLAMA = 'providers: { ollama: { models: [m] }, anthropic: }\n';
  it.each([
    ['chains: { a: [b], b: [ollama, a] }', '2:15  leads back to itself: a → b → a'],
    ['chains: { a: [a] }', 'leads back to itself: a → a'],
    ['chains: { b: [ollama], a: [b, c], c: [d], d: [b, c] }', 'leads back to itself: c → d → c'],
    ['chains: { ollama: [m] }', '2:11  there is a provider "ollama" too'],
    ['chains: { a: [] }', 'chains.a needs a candidate.'],
    ['chains: { a: [nothing-of-it] }', 'There are a, ollama, anthropic, m, claude-sonnet-5.'],
    ['routes: [{ task: x }]', 'routes[1].chain is missing.'],
    ['budgets: { alert-at: 180 }', 'budgets.alert-at must be at most 100, got 180.'],
    ['chains: { a: [nobody/m] }', 'no chain, provider or model is called "nobody/m"'],
    [
      'experiments: [{ name: e, arms: { a: { chain: m, share: 60 }, b: { chain: ollama, share: 41 } } }]',
      'the shares come to 101 percent',
    ],
    ['experiments: [{ name: e, arms: { a: { chain: n, share: 60 } } }]', 'is called "n"'],
    [
      'experiments: [{ name: e, arms: { a: { chain: m, share: 101 } } }]',
      'must be a whole number of percent, 0 to 100, got 101',
    ],
    ['experiments: [{ name: e, arms: {} }]', 'has no arm to compare'],
    [
      'experiments: [{ name: e, arms: {a: {chain: m, share: 1}} }, { name: e, arms: {a: {chain: m, share: 1}} }]',
      'there is an experiment "e" already',
    ],
    [
      'policies: [{ name: p, mode: HARD, allow: locl }]',
      'no provider has the name or the tag "locl". Did you mean "local"?',
    ],
    ['policies: [{ name: p, mode: HARD, deny: [ollama, olama] }]', '2:50  no provider has the name or the tag "olama"'],
    ['policies: [{ name: p, mode: HARD }]', 'the policy "p" asks for nothing'],
    ['policies: [{ name: p, mode: HARD, deny: ollama, team: t }]', 'there is no team "t"'],
    [
      'policies: [{ name: p, mode: HARD, deny: ollama }, { name: p, mode: SOFT, deny: ollama }]',
      'there is a policy "p" already',
    ],
    ['policies: [{ name: p, mode: HARD, max-latency: 0s }]', 'must be longer than 0'],
    ['budgets: { limits: { day: 5, week: 4 } }', '2:27  $5.00 for the day is more than the $4.00 for the week'],
    ['budgets: { limits: { week: 5, total: 4 } }', '$5.00 for the week is more than the $4.00 for all time'],
    [
      'budgets: { teams: { t: { jobs: { j: { limits: { day: 2, month: 1 } } } } } }',
      'for the day is more than the $1.00 for the month',
    ],
    ['budgets: { limits: { dya: 5 } }', '2:22  there is no field "dya" in budgets.limits. Did you mean "day"?'],
    ['budgets: { limits: { day: five } }', 'must be US dollars, such as 5 or 2.50, got "five"'],
    ['budgets: { slice: 0 }', 'budgets.slice must be more than 0'],
    ['budgets: { local: lama }', 'no chain, provider or model is called "lama"'],
    ['last-resort: lama', 'no chain, provider or model is called "lama"'],
    [
      'budgets: { teams: { a: { projects: [p] }, b: { jobs: { p: {} } } } }',
      'the project "p" is counted by the team a already',
    ],
    ['budgets: { teams: { a: {} } }\nroutes: [{ chain: m, team: b }]', '3:28  there is no team "b"'],
    ['gateway: { keys: { k: { key: K, models: [m, n] } } }', 'is called "n"'],
    ['gateway: { keys: { k: {} } }', 'gateway.keys.k needs key or sha256'],
    ['gateway: { keys: { k: { key: K, job: j } } }', 'a job is one of a team'],
    ['gateway: { keys: { k: { key: K }, l: { key: K } } }', 'gateway.keys.l is the same key as k'],
    [
      'budgets: { teams: { a: { jobs: { build: {} } } } }\ngateway: { keys: { k: { key: K, team: a, job: biuld } } }',
      'the team "a" has no job "biuld". Did you mean "build"?',
    ],
    ['gateway: { host: 0.0.0.0 }', 'whoever reaches 0.0.0.0 may spend'],
  ])('that need more than one place: %s', (text, message) => {
    expect(problemsOf(OLLAMA + text)).toEqual([expect.stringContaining(message)]);
  });

  it('a circle of three chains is told once', () => {
    expect(problemsOf(`${OLLAMA}chains: { a: [b], b: [c], c: [a] }`)).toHaveLength(1);
  });

  it('never repeat what may be a key, wherever it was put', () => {
    const canary = 'sk-canary-0815';
    const text = `
providers:
  openai: { key: ${canary} }
  x: { base-url: "https://me:${canary}@host/v1", models: [m] }
gateway: { keys: { k: { key: ${canary} }, l: { sha256: ${canary} } } }`;
    const problems = problemsOf(text, { GANTRY__PROVIDERS__ANTHROPIC__KEY: canary });
    expect(problems).toHaveLength(5);
    expect(problems.join()).not.toContain(canary);
    expect(problems.join()).toContain('must be the name of a variable of the environment, such as OPENAI_API_KEY');
  });
});

describe('what a vendor has by default', () => {
  it.each([
    ['anthropic', 'https://api.anthropic.com', 'ANTHROPIC_API_KEY', 'anthropic'],
    ['openai', 'https://api.openai.com/v1', 'OPENAI_API_KEY', 'openai'],
    ['ollama', 'http://127.0.0.1:11434', undefined, 'ollama'],
    ['localai', 'http://127.0.0.1:8080/v1', undefined, 'openai'],
    ['anythingllm', 'http://127.0.0.1:3001/api/v1/openai', 'ANYTHINGLLM_API_KEY', 'openai'],
    ['deepseek', 'https://api.deepseek.com', 'DEEPSEEK_API_KEY', 'openai'],
    ['kimi', 'https://api.moonshot.ai/v1', 'MOONSHOT_API_KEY', 'openai'],
    ['gemini', 'https://generativelanguage.googleapis.com/v1beta/openai', 'GEMINI_API_KEY', 'openai'],
    ['perplexity', 'https://api.perplexity.ai', 'PERPLEXITY_API_KEY', 'openai'],
    ['openrouter', 'https://openrouter.ai/api/v1', 'OPENROUTER_API_KEY', 'openai'],
  ])('%s', (vendor, baseUrl, keyVariable, protocol) => {
    const [byName] = configOf(`providers: { ${vendor}: { models: [m] } }`).providers;
    expect(byName).toMatchObject({ vendor, baseUrl, protocol, models: ['m'] });
    expect(byName?.keyVariable).toBe(keyVariable);
    const [byVendor] = configOf(`providers: { other: { vendor: ${vendor}, models: [m] } }`).providers;
    expect({ ...byVendor, name: vendor }).toEqual(byName);
  });

  it('is below what its usual variables say, and those below the file', () => {
    const env = { ANTHROPIC_BASE_URL: 'http://proxy.example', GANTRY_ANTHROPIC_MODEL: 'claude-opus-5-5' };
    const text =
      'providers: { anthropic: , again: { vendor: anthropic, base-url: "http://here.example", models: [m] } }';
    expect(configOf(text, env).providers).toMatchObject([
      { baseUrl: 'http://proxy.example', models: ['claude-opus-5-5'] },
      { baseUrl: 'http://here.example', models: ['m'] },
    ]);
  });

  it('a key that is not needed is used where it is there', () => {
    const text = 'providers: { localai: { models: [m] } }';
    expect(configOf(text, { LOCALAI_API_KEY: 'k' }).providers[0]?.keyVariable).toBe('LOCALAI_API_KEY');
  });

  it('is local only on this machine', () => {
    const tags = (env: Record<string, string>) =>
      configOf('providers: { ollama: { models: [m] } }', env).providers[0]?.tags;
    expect(tags({})).toEqual(['local']);
    expect(tags({ OLLAMA_HOST: '0.0.0.0' })).toEqual(['local']);
    expect(tags({ OLLAMA_HOST: 'box.example' })).toEqual([]);
  });
});

describe('who is left out', () => {
  it('one that is not enabled, while its name stays known', () => {
    const config = configOf(
      'providers: { ollama: { models: [m], enabled: false }, anthropic: }\nchains: { c: [ollama/x, m] }',
    );
    expect(config.providers.map(({ name }) => name)).toEqual(['anthropic']);
    expect(config.leftOut).toEqual(['ollama']);
    expect(withKeys(config, {}).config.leftOut).toEqual(['ollama', 'anthropic']);
    expect(withKeys(config, { ANTHROPIC_API_KEY: 'k' }).config.leftOut).toEqual(['ollama']);
  });

  it('those that GANTRY_PROVIDERS does not name', () => {
    const text = 'providers: { ollama: { models: [m] }, anthropic: , openai: }';
    const named = configOf(text, { GANTRY_PROVIDERS: 'openai, ollama' }).providers.map(({ name }) => name);
    expect(named).toEqual(['openai', 'ollama']);
    expect(problemsOf(text, { GANTRY_PROVIDERS: 'opnai' })).toEqual([
      'GANTRY_PROVIDERS: "opnai" is not configured. Did you mean "openai"?',
    ]);
  });
});

it('a stand-in is added to what a file declares, last, unless the file has one of its name', () => {
  const env = { GANTRY_OFFLINE_MODEL_URL: 'http://127.0.0.1:9/v1' };
  const standIns = (text: string) => configOf(text, env).providers.map(({ name, standIn }) => `${name} ${standIn}`);
  expect(standIns('providers: { anthropic: }\nchains: { c: [offline] }')).toEqual(['anthropic false', 'offline true']);
  expect(standIns('providers: { offline: { base-url: "http://h/v1", models: [m] } }')).toEqual(['offline false']);
});

describe('a file that does not say who answers', () => {
  const CHAINS = 'chains: { c: [anthropic, ollama/qwen3, some-model] }';

  it('leaves it to the environment', () => {
    const env = { ANTHROPIC_API_KEY: 'k' };
    const ollama = { baseUrl: 'http://127.0.0.1:11434', models: ['qwen3'] };
    const config = configOf('organisation: acme\nproviders:\n', env, { ollama });
    expect(config).toMatchObject({ organisation: 'acme', source: 'gantry.config.yaml' });
    expect(config.providers.map(({ name }) => name)).toEqual(['anthropic', 'ollama']);
  });

  it('may name who is not there today, and is told what looks like a mistake', () => {
    expect(problemsOf(CHAINS)).toEqual([]);
    expect(problemsOf(`${CHAINS}\nroutes: [{ chain: antropic }, { chain: cc }]`, { ANTHROPIC_API_KEY: 'k' })).toEqual([
      expect.stringContaining('Did you mean "anthropic"?'),
      expect.stringContaining('Did you mean "c"?'),
    ]);
  });
});

it('is read to an end, whatever stands in it', () => {
  const bomb = `a: &a [x, x]\nb: &b [${'*a, '.repeat(40)}]\nchains: { c: [${'*b, '.repeat(40)}] }`;
  expect('problems' in readConfig(bomb, { env: {} })).toBe(true);
});
