import { readFileSync } from 'node:fs';
import path from 'node:path';
import { configOf, problemsOf } from '../support/read-config';

const models = readFileSync(path.resolve(__dirname, '../../docs/models.md'), 'utf8');
const example = /## Configuration\n\n```yaml\n([^]*?)```/.exec(models)?.[1] ?? '';

test('the example of a configuration is one', () => {
  expect(configOf(example).providers.map(({ name }) => name)).toEqual(['anthropic', 'house', 'ollama']);
});

test('the mistake that is shown is told as it is shown', () => {
  const shown = /^gantry\.config\.yaml:\d+:\d+ .*$/m.exec(models)?.[0];
  expect(problemsOf(example.replace('[ollama,', '[olama,'))).toEqual([shown]);
});

test('variables that are shown are known', () => {
  const more = 'policies: [{ name: stays-here, mode: SOFT, allow: [local] }]\n';
  const shown = [...models.matchAll(/^(GANTRY__\w+)='?([^'\n#]*)/gm)].map(([, name = '', value = '']) => [name, value]);
  expect(shown.length).toBeGreaterThan(3);
  for (const [name = '', value = ''] of shown.filter(([one]) => one !== 'GANTRY__PROVIDERS')) {
    expect(problemsOf(example + more, { [name]: value })).toEqual([]);
  }
});
