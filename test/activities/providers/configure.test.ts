import { inspect } from 'node:util';
import { configureProviders, settingsFrom, type Environment } from '../../../activities/providers/configure';
import { addressOf } from '../../../activities/providers/ollama/find-ollama';
import { json } from '../../support/model-wire';
import { startUpstream, type ScriptedUpstream } from '../../support/scripted-upstream';

let ollama: ScriptedUpstream;
beforeEach(async () => {
  ollama = await startUpstream();
});
afterEach(() => ollama.close());

/** Nobody listens here: an Ollama of this machine must not decide a test. */
const NO_OLLAMA = { OLLAMA_HOST: 'http://127.0.0.1:1' };

async function configured(env: Environment): Promise<string[]> {
  const { providers } = await configureProviders({ ...NO_OLLAMA, ...env });
  return providers.map(({ name, models }) => `${name}: ${models.join(' ')}`);
}

it('sets up who has a key, in order of preference, and the stand-in last', async () => {
  const env = {
    GANTRY_OFFLINE_MODEL_URL: 'http://127.0.0.1:9/v1',
    GANTRY_OPENAI_COMPATIBLE: 'deepseek=https://api.deepseek.com,deepseek-chat; local-ai=http://127.0.0.1:8080/v1,a,b',
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

it('reads the key of a compatible server from NAME_API_KEY', () => {
  const [server] = settingsFrom({
    GANTRY_OPENAI_COMPATIBLE: 'local-ai=http://127.0.0.1:8080/v1,m',
    LOCAL_AI_API_KEY: 'k',
  });
  expect(server).toMatchObject({ name: 'local-ai', apiKey: 'k' });
});

it.each([
  [{ GANTRY_OPENAI_COMPATIBLE: 'nonsense' }, 'GANTRY_OPENAI_COMPATIBLE: "nonsense" is not name=url,model'],
  [{ GANTRY_OPENAI_COMPATIBLE: 'x=http://127.0.0.1/v1' }, 'GANTRY_OPENAI_COMPATIBLE (x): models needs a model'],
  [{ GANTRY_OPENAI_COMPATIBLE: 'x=ftp://host,m' }, 'baseUrl must be an http or https address'],
  [{ GANTRY_OPENAI_COMPATIBLE: 'X Y=http://h,m' }, 'is not name=url,model'],
  [{ ANTHROPIC_API_KEY: 'k', ANTHROPIC_BASE_URL: 'nowhere' }, 'ANTHROPIC_*: baseUrl must be'],
  [{ ANTHROPIC_API_KEY: 'k', GANTRY_PROVIDERS: 'gemini' }, '"gemini" is not configured. Configured: anthropic'],
])('says which variable is wrong: %j', async (env, message) => {
  await expect(configured(env)).rejects.toThrow(message);
});

it('never repeats a key: not in an error, not in what it gives', async () => {
  const canary = 'sk-canary-0815';
  const bad = configured({ ANTHROPIC_API_KEY: canary, ANTHROPIC_BASE_URL: 'nowhere' });
  await expect(bad).rejects.not.toThrow(canary);
  const good = await configureProviders({ ...NO_OLLAMA, ANTHROPIC_API_KEY: canary, OPENAI_API_KEY: canary });
  expect(inspect(good, { depth: 10, showHidden: true }) + JSON.stringify(good)).not.toContain(canary);
});

describe('an Ollama', () => {
  const models = (...names: string[]) => json(200, { models: names.map((name) => ({ name })) });

  it('is used with the models it has, those that only embed left out', async () => {
    ollama.reply(models('nomic-embed-text:latest', 'qwen3:8b', 'llama4:latest'));
    expect(await configured({ OLLAMA_HOST: ollama.url })).toEqual(['ollama: qwen3:8b llama4:latest']);
    expect(ollama.requests[0]).toMatchObject({ method: 'GET', url: '/api/tags' });
  });

  it('is asked for the model somebody wants first', async () => {
    ollama.reply(models('qwen3:8b', 'llama4:latest'));
    const env = { OLLAMA_HOST: ollama.url, GANTRY_OLLAMA_MODEL: 'llama4:latest' };
    expect(await configured(env)).toEqual(['ollama: llama4:latest qwen3:8b']);
  });

  it('that does not answer is left out with a note, and kept when its model is named', async () => {
    const { providers, notes } = await configureProviders(NO_OLLAMA);
    expect(providers).toEqual([]);
    expect(notes).toEqual(['No Ollama answers at http://127.0.0.1:1 (OLLAMA_HOST): start it with `ollama serve`.']);
    expect(await configured({ GANTRY_OLLAMA_MODEL: 'qwen3:8b' })).toEqual(['ollama: qwen3:8b']);
  });

  it('without a model is left out with a note', async () => {
    ollama.reply(models());
    const { notes } = await configureProviders({ OLLAMA_HOST: ollama.url });
    expect(notes[0]).toContain('ollama pull');
  });

  it('with a context that is no number is refused', async () => {
    ollama.reply(models('qwen3:8b'));
    await expect(configured({ OLLAMA_HOST: ollama.url, GANTRY_OLLAMA_CONTEXT: 'big' })).rejects.toThrow('maxContext');
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
