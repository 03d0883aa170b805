import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { askOllama } from '../../../activities/providers/ollama/ask-ollama';
import type { ModelProvider } from '../../../activities/providers/model-provider';
import { programOnPath } from '../../../client/program-on-path';
import { freePort } from '../../../client/server/start-server';
import { waitUntil } from '../../support/wait-until';
import { ALL_WAYS, failureOf, HELLO, PATIENT, providerAt, WAYS } from './ask-scripted';

// Where this machine has an Ollama, a server of it is started on a port of its own, with the models it has.

const program = programOnPath('ollama', process.env);
const withOllama = program === undefined ? describe.skip : describe;
const withModel = program === undefined || !hasModels() ? it.skip : it;

function hasModels(): boolean {
  const manifests = join(process.env['OLLAMA_MODELS'] ?? join(homedir(), '.ollama', 'models'), 'manifests');
  return existsSync(manifests) && readdirSync(manifests).length > 0;
}

withOllama('a real Ollama', () => {
  let server: ChildProcess;
  let env: { readonly OLLAMA_HOST: string };
  let provider: ModelProvider;
  beforeAll(async () => {
    const host = `127.0.0.1:${await freePort()}`;
    env = { OLLAMA_HOST: host };
    server = spawn(program!, ['serve'], { env: { ...process.env, ...env }, stdio: 'ignore' });
    provider = providerAt(`http://${host}`, 'ollama');
    await waitUntil(async () => (await askOllama(env)).models);
  });
  afterAll(async () => {
    const ended = once(server, 'exit');
    server.kill('SIGTERM');
    await ended;
  });

  it.each(ALL_WAYS)(
    'says that it has not got a model, which is a matter of that model alone, asked for %s',
    async (way) => {
      const failure = await failureOf(WAYS[way](provider, { ...HELLO, model: 'nobody-has-this:1b' }));
      expect(failure).toMatchObject({
        verdict: { type: 'Provider.NotFound', counts: 'permanent', scope: 'model', retryable: false, failover: true },
      });
      expect(failure.verdict.fix).toContain('ollama pull');
    },
  );

  withModel(
    'answers with each of the ways to ask, and tells what it read',
    async () => {
      const [model = ''] = (await askOllama(env)).models ?? [];
      for (const way of ALL_WAYS) await WAYS[way](provider, { ...HELLO, model, max_tokens: 64 });
      const messages = [{ role: 'user', content: 'Say hello.' }] as const;
      const asked = { model, messages, timeouts: PATIENT };
      const { usage, text } = await provider.complete(asked, new AbortController().signal);
      expect(text).not.toBe('');
      expect(usage?.input).toBeGreaterThan(0);
    },
    240_000,
  );
});
