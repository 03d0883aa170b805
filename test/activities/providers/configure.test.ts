import { inspect } from 'node:util';
import { configureProviders } from '../../../activities/providers/configure';
import type { Environment } from '../../../contracts/config/from-environment';
import { addressOf } from '../../../contracts/config/ollama-address';
import { anthropicAnswer, html, json, openAiAnswer } from '../../support/model-wire';
import { startUpstream, type ScriptedUpstream } from '../../support/scripted-upstream';

let upstream: ScriptedUpstream;
beforeEach(async () => {
  upstream = await startUpstream();
});
afterEach(() => upstream.close());

/** Nobody listens here: an Ollama of this machine must not decide a test. */
const NO_OLLAMA = { OLLAMA_HOST: 'http://127.0.0.1:1' };

async function configured(env: Environment): Promise<string[]> {
  const { config, providers } = await configureProviders({ ...NO_OLLAMA, ...env });
  expect(providers.map(({ name }) => name)).toEqual(config.providers.map(({ name }) => name));
  return config.providers.map(({ name, models }) => `${name}: ${models.join(' ')}`);
}

describe('without a file', () => {
  it('sets up who has a key, in order of preference, and the stand-in last', async () => {
    const env = {
      GANTRY_OFFLINE_MODEL_URL: 'http://127.0.0.1:9/v1',
      GANTRY_OPENAI_COMPATIBLE:
        'deepseek=https://api.deepseek.com,deepseek-chat; local-ai=http://127.0.0.1:8080/v1,a,b',
      OPENAI_API_KEY: 'k1',
      ANTHROPIC_API_KEY: 'k2',
    };
    expect(await configured(env)).toEqual([
      'anthropic: claude-sonnet-5',
      'openai: gpt-6-sol',
      'deepseek: deepseek-chat',
      'local-ai: a b',
      'offline: offline-scripted',
    ]);
    const { config } = await configureProviders({ ...NO_OLLAMA, ...env });
    expect(config).toMatchObject({ organisation: 'default', chains: {}, source: 'the environment' });
    expect(config.providers.map(({ standIn }) => standIn)).toEqual([false, false, false, false, true]);
  });

  it('lets the environment name the models', async () => {
    const env = {
      ANTHROPIC_API_KEY: 'k',
      GANTRY_ANTHROPIC_MODEL: 'claude-opus-5-5',
      GANTRY_OPENAI_COMPATIBLE: 'kimi=https://api.moonshot.ai/v1',
      GANTRY_KIMI_MODEL: 'kimi-k2.5',
    };
    expect(await configured(env)).toEqual(['anthropic: claude-opus-5-5', 'kimi: kimi-k2.5']);
  });

  it('chooses and orders by name', async () => {
    const env = { ANTHROPIC_API_KEY: 'k', OPENAI_API_KEY: 'k', GANTRY_PROVIDERS: 'openai, anthropic' };
    expect(await configured(env)).toEqual(['openai: gpt-6-sol', 'anthropic: claude-sonnet-5']);
  });

  it('takes a blank key for none', async () => {
    expect(await configured({ ANTHROPIC_API_KEY: '  ', OPENAI_API_KEY: '' })).toEqual([]);
  });

  it.each([
    [{ GANTRY_OPENAI_COMPATIBLE: 'nonsense' }, 'GANTRY_OPENAI_COMPATIBLE: "nonsense" is not name=url,model'],
    [{ GANTRY_OPENAI_COMPATIBLE: 'x=http://127.0.0.1/v1' }, 'GANTRY_OPENAI_COMPATIBLE: providers.x.models is missing'],
    [{ GANTRY_OPENAI_COMPATIBLE: 'x=ftp://host,m' }, 'providers.x.base-url must be an http or https address'],
    [{ GANTRY_OPENAI_COMPATIBLE: 'X Y=http://h,m' }, 'is not name=url,model'],
    [{ GANTRY_OPENAI_COMPATIBLE: 'X=http://h,m' }, 'GANTRY_OPENAI_COMPATIBLE: the name "X" must start with a letter'],
    [{ GANTRY_OPENAI_COMPATIBLE: 'x=http://h,m;x=http://i,m' }, 'the provider "x" is there already'],
    [{ OPENAI_API_KEY: 'k', GANTRY_OPENAI_COMPATIBLE: 'openai=http://h,m' }, 'the provider "openai" is there already'],
    [
      { ANTHROPIC_API_KEY: 'k', ANTHROPIC_BASE_URL: 'nowhere' },
      'ANTHROPIC_BASE_URL: providers.anthropic.base-url must',
    ],
    [{ ANTHROPIC_API_KEY: 'k', GANTRY_PROVIDERS: 'gemini' }, '"gemini" is not configured. Configured: anthropic'],
  ])('says which variable is wrong: %j', async (env, message) => {
    await expect(configured(env)).rejects.toThrow(message);
  });
});

describe('with a file', () => {
  const file = (text: string) => ({ text, source: 'gantry.config.yaml' });

  it('asks those it names, and looks for no Ollama', async () => {
    const env = { OLLAMA_HOST: upstream.url, OPENAI_API_KEY: 'k', ANTHROPIC_API_KEY: 'k' };
    const { config, notes } = await configureProviders(env, file('providers: { openai: }'));
    expect(config.providers.map(({ name }) => name)).toEqual(['openai']);
    expect({ requests: upstream.requests, notes, source: config.source }).toEqual({
      ...{ requests: [], notes: [] },
      source: 'gantry.config.yaml',
    });
  });

  it('leaves out with a note whose key is not set', async () => {
    const text = 'providers: { openai: , eu: { base-url: "http://h/v1", models: [m], key: EU_KEY } }';
    const { config, providers, notes } = await configureProviders({ OPENAI_API_KEY: 'k' }, file(text));
    expect([config.providers, providers].map((all) => all.map(({ name }) => name))).toEqual([['openai'], ['openai']]);
    expect(notes).toEqual(['eu is left out: its key, EU_KEY, is not set.']);
  });

  it('that has mistakes is refused with all of them', async () => {
    const wrong = configureProviders({}, file('providers: { openai: { modles: [m] }, x: { models: [m] } }'));
    await expect(wrong).rejects.toThrow('gantry.config.yaml:1:24  there is no field "modles" in providers.openai');
    await expect(wrong).rejects.toThrow('gantry.config.yaml:1:39  providers.x has no base-url');
  });

  it('looks for an Ollama where it does not say who answers', async () => {
    upstream.reply(json(200, { models: [{ name: 'qwen3:8b' }] }));
    const { config } = await configureProviders({ OLLAMA_HOST: upstream.url }, file('organisation: acme'));
    expect(config).toMatchObject({ organisation: 'acme', providers: [{ name: 'ollama', models: ['qwen3:8b'] }] });
  });

  it('sends the key of the variable it names, and asks for no longer answer than it says', async () => {
    const text = `providers:
      house: { vendor: openai, base-url: '${upstream.url}/v1', key: HOUSE, models: [m], max-output: 50, organization: o }
      proxy: { protocol: anthropic, base-url: '${upstream.url}', models: [m], max-output: 20000 }`;
    const { providers } = await configureProviders({ HOUSE: 'k-house' }, file(text));
    upstream.reply(openAiAnswer(['a']), openAiAnswer(['b']), anthropicAnswer(['c']));
    const timeouts = { firstEventMs: 5_000, idleMs: 5_000, totalMs: 5_000 };
    const messages = [{ role: 'user', content: 'Hello' }] as const;
    const ask = (at: number, more: object = {}) =>
      providers[at]!.complete({ model: 'm', messages, timeouts, ...more }, new AbortController().signal);
    expect([await ask(0), await ask(0, { maxOutputTokens: 7 }), await ask(1)].map((one) => one.text)).toEqual([
      'a',
      'b',
      'c',
    ]);
    const [first, second, third] = upstream.requests;
    expect(first?.headers).toMatchObject({ authorization: 'Bearer k-house', 'openai-organization': 'o' });
    expect([first, second].map((request) => request?.body['max_completion_tokens'])).toEqual([50, 7]);
    expect(third?.body['max_tokens']).toBe(20_000);
  });

  it('waits for a first event no longer than it says', async () => {
    const text = `providers: { house: { base-url: '${upstream.url}/v1', models: [m], first-event: 100ms } }`;
    const { providers } = await configureProviders({}, file(text));
    upstream.reply({ then: 'stall' });
    const timeouts = { firstEventMs: 30_000, idleMs: 30_000, totalMs: 30_000 };
    const asked = providers[0]!.complete({ model: 'm', messages: [], timeouts }, new AbortController().signal);
    await expect(asked).rejects.toMatchObject({ verdict: { type: 'Provider.Timeout' } });
  });
});

it('never repeats a key: not in an error, not in what it gives', async () => {
  const canary = 'sk-canary-0815';
  const bad = configured({ ANTHROPIC_API_KEY: canary, ANTHROPIC_BASE_URL: 'nowhere' });
  await expect(bad).rejects.not.toThrow(canary);
  const good = await configureProviders({ ...NO_OLLAMA, ANTHROPIC_API_KEY: canary, OPENAI_API_KEY: canary });
  expect(inspect(good, { depth: 10, showHidden: true }) + JSON.stringify(good)).not.toContain(canary);
});

it('reads the key of a compatible server from NAME_API_KEY', async () => {
  const env = { ...NO_OLLAMA, GANTRY_OPENAI_COMPATIBLE: 'local-ai=http://127.0.0.1:8080/v1,m', LOCAL_AI_API_KEY: 'k' };
  const { config } = await configureProviders(env);
  expect(config.providers).toMatchObject([{ name: 'local-ai', keyVariable: 'LOCAL_AI_API_KEY' }]);
});

describe('an Ollama', () => {
  const models = (...names: string[]) => json(200, { models: names.map((name) => ({ name })) });

  it('is used with the models it has, those that only embed left out', async () => {
    upstream.reply(models('nomic-embed-text:latest', 'qwen3:8b', 'llama4:latest'));
    expect(await configured({ OLLAMA_HOST: upstream.url })).toEqual(['ollama: qwen3:8b llama4:latest']);
    expect(upstream.requests[0]).toMatchObject({ method: 'GET', url: '/api/tags' });
  });

  it('is asked for the model somebody wants first', async () => {
    upstream.reply(models('qwen3:8b', 'llama4:latest'));
    const env = { OLLAMA_HOST: upstream.url, GANTRY_OLLAMA_MODEL: 'llama4:latest' };
    expect(await configured(env)).toEqual(['ollama: llama4:latest qwen3:8b']);
  });

  it('that does not answer is left out with a note, and kept when its model is named', async () => {
    const { providers, notes } = await configureProviders(NO_OLLAMA);
    expect(providers).toEqual([]);
    expect(notes).toEqual(['No Ollama answers at http://127.0.0.1:1 (OLLAMA_HOST): start it with `ollama serve`.']);
    expect(await configured({ GANTRY_OLLAMA_MODEL: 'qwen3:8b' })).toEqual(['ollama: qwen3:8b']);
  });

  it('without a model is left out with a note', async () => {
    upstream.reply(models());
    const { notes } = await configureProviders({ OLLAMA_HOST: upstream.url });
    expect(notes[0]).toContain('ollama pull');
  });

  it('that is something else is left out', async () => {
    upstream.reply(json(200, { hello: 'world' }), json(404, {}), html(200));
    for (let times = 0; times < 3; times += 1) expect(await configured({ OLLAMA_HOST: upstream.url })).toEqual([]);
  });

  it('with a context that is no number is refused', async () => {
    upstream.reply(models('qwen3:8b'));
    const env = { OLLAMA_HOST: upstream.url, GANTRY_OLLAMA_CONTEXT: 'big' };
    await expect(configured(env)).rejects.toThrow(
      'GANTRY_OLLAMA_CONTEXT: providers.ollama.max-context must be a number',
    );
  });

  it.each([
    ['127.0.0.1', 'http://127.0.0.1:11434'],
    ['0.0.0.0:9', 'http://127.0.0.1:9'],
    [':9', 'http://127.0.0.1:9'],
    ['box.local:9', 'http://box.local:9'],
    ['https://ollama.example/base/', 'https://ollama.example/base'],
  ])('is found where OLLAMA_HOST=%s says', (host, address) => {
    expect(addressOf(host)).toBe(address);
  });
});
