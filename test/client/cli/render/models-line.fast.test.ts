import { modelsLine } from '../../../../client/cli/render/models-line';
import { configOf } from '../../../support/read-config';

const config = configOf('providers: { anthropic: , openai: , ollama: { models: [m] } }');

it('says who answers, whose key is missing, and where that was said', () => {
  expect(modelsLine(config, { ANTHROPIC_API_KEY: 'k' }, false)).toBe(
    'anthropic, ollama; openai has no key (OPENAI_API_KEY) (gantry.config.yaml)',
  );
  expect(modelsLine({ ...config, providers: config.providers.slice(0, 1) }, {}, false)).toBe(
    'none; anthropic has no key (ANTHROPIC_API_KEY) (gantry.config.yaml)',
  );
});

it('says what to do where nobody answers, unless a scripted model was asked for', () => {
  expect(modelsLine({ ...config, providers: [] }, {}, false)).toContain('gantry init --config');
  expect(modelsLine({ ...config, providers: [] }, {}, true)).toBeUndefined();
});
