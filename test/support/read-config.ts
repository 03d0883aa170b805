import { renderConfigProblem } from '../../contracts/config/config-problem';
import type { ModelConfig } from '../../contracts/config/model-config';
import { readConfig, type ReadOptions } from '../../contracts/config/read-config';

type More = Partial<ReadOptions>;

/** The configuration that a text makes; a problem fails the test with its words. */
export function configOf(text: string | undefined, env: ReadOptions['env'] = {}, more: More = {}): ModelConfig {
  const read = readConfig(text, { source: 'gantry.config.yaml', env, ...more });
  if ('problems' in read) throw new Error(read.problems.map(renderConfigProblem).join('\n'));
  return read.config;
}

/** What is wrong with a text, a line for each problem. */
export function problemsOf(text: string | undefined, env: ReadOptions['env'] = {}, more: More = {}): string[] {
  const read = readConfig(text, { source: 'gantry.config.yaml', env, ...more });
  return 'problems' in read ? read.problems.map(renderConfigProblem) : [];
}
