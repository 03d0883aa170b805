import { createModelActivities } from '../../activities/models/create-model-activities';
import { configureProviders } from '../../activities/providers/configure';
import type { Activities } from '../../contracts/activities';
import { FakeHost } from '../support/fake-host';
import { anthropicAnswer, json, openAiAnswer } from '../support/model-wire';
import { pipeline } from '../support/pipelines';
import { RunHarness } from '../support/run-harness';
import { startUpstream, type ScriptedUpstream } from '../support/scripted-upstream';

// Real workflow, server and SDKs: what one attempt learns must reach the next one through Temporal.

let upstream: ScriptedUpstream;
let harness: RunHarness;
beforeEach(async () => {
  upstream = await startUpstream();
  const { providers } = await configureProviders({
    ANTHROPIC_API_KEY: 'k',
    ANTHROPIC_BASE_URL: upstream.url,
    OPENAI_API_KEY: 'k',
    OPENAI_BASE_URL: `${upstream.url}/v1`,
    OLLAMA_HOST: 'http://127.0.0.1:1',
  });
  const models = createModelActivities({
    providers,
    readText: async (text) => ('inline' in text ? text.inline : text.head),
    storeText: async (text) => ({ inline: text }),
    redact: (text) => text,
    log: { info: () => undefined, warn: () => undefined },
  });
  harness = await RunHarness.start(new HostWithModels(models));
});
afterEach(async () => {
  await harness.stop();
  await upstream.close();
});

class HostWithModels extends FakeHost {
  constructor(private readonly models: Pick<Activities, 'callModel'>) {
    super();
  }

  override activities(): Activities {
    return { ...super.activities(), ...this.models };
  }
}

const asked = () => upstream.requests.map(({ body }) => body['model']);
const retry = { attempts: 6, delay: '100ms' };

it('a provider that refuses the key is asked once, the others take turns', async () => {
  upstream.reply(json(401, {}), json(500, {}), json(503, {}), openAiAnswer(['The plan.']));
  const run = await harness.start(pipeline({ stages: { plan: { prompt: 'Plan.', retry } } }));
  const { status, view } = await run.result();
  expect(status).toBe('SUCCESS');
  expect(asked()).toEqual(['claude-sonnet-5', 'gpt-6-sol', 'gpt-6-sol', 'gpt-6-sol']);
  expect(view.stages[0]).toMatchObject({ output: 'The plan.', by: 'gpt-test-2026 (openai)' });
});

it('a model is told what was wrong with its answer', async () => {
  upstream.reply(anthropicAnswer(['{"title":1}']), anthropicAnswer(['{"title":"Percent"}']));
  const run = await harness.start(
    pipeline({ stages: { plan: { prompt: 'Plan.', retry, output: { title: 'string' } } } }),
  );
  const { view } = await run.result();
  expect(view.stages[0]).toMatchObject({ status: 'succeeded', output: { title: 'Percent' } });
  expect(JSON.stringify(upstream.requests[1]!.body['messages'])).toContain('That answer cannot be used: title:');
});

it('a stage fails with the reason of the last provider when all have failed for good', async () => {
  upstream.reply(json(401, {}), json(402, { error: { message: 'Insufficient credits' } }));
  const run = await harness.start(pipeline({ stages: { plan: { prompt: 'Plan.', retry } } }));
  const { view } = await run.result();
  expect(view.stages[0]?.failure).toMatchObject({ type: 'Provider.Quota' });
  expect(view.stages[0]?.failure?.message).toContain('Insufficient credits. Add credit');
  expect(upstream.requests).toHaveLength(2);
});
