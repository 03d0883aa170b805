import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RouteExplanation } from '../../../client/models/explain-route';
import { candidateKey } from '../../../contracts/models';
import { toDollars } from '../../../contracts/money';
import { CliSession, type Said } from '../../support/cli-session';

// The command without a server: by the configuration alone. With one: test/server/routing-explain.

const CONFIG = `
providers:
  openai: { key: OPENAI_API_KEY, models: [gpt-4o] }
  local: { vendor: ollama, models: [qwen3] }
  perplexity: { models: [sonar-pro] }
chains:
  default: [openai, local]
routes:
  - { task: [research, summary], team: web, chain: [openai, local, perplexity], prefer: cost }
experiments:
  - name: smaller
    task: code
    arms: { all: { chain: local, share: 100 } }
policies:
  - { name: modest, mode: HARD, task: research, max-cost: 0.05 }
budgets:
  teams: { web: { projects: [site] } }
  over: local
`;

let session: CliSession;
const explain = (...more: string[]): Promise<Said> =>
  session.run('routing', 'explain', '--address', '127.0.0.1:1', ...more);

beforeEach(() => {
  session = new CliSession();
  writeFileSync(join(session.folder, 'gantry.config.yaml'), CONFIG);
});
afterEach(() => session.end());

it('shows who would be asked, who would not and why, and that no server was asked', async () => {
  const { code, out } = await explain('Summarise the release notes', '--task', 'research', '--team', 'web');
  expect(code).toBe(0);
  expect(out.split('\n').slice(0, 12)).toEqual([
    'routes[1] (task: research, summary; team: web) in gantry.config.yaml',
    'for task research, team web, about 9 tokens of prompt',
    '',
    ' 1. local/qwen3  free',
    '    costs nothing',
    '    named as number 2',
    ' 2. openai/gpt-4o  at most $0.0410',
    '    costs $0.0410 at most, by its price',
    '    named as number 1',
    '',
    'Not asked',
    '    perplexity/sonar-pro  policy: policy modest (HARD): may cost $0.0755, and $0.0500 is the most',
  ]);
  expect(out).toContain('How the breakers stand is unknown: ');
});

const json = async (...more: string[]): Promise<RouteExplanation> =>
  JSON.parse((await explain('--json', ...more)).out) as RouteExplanation;

it('knows the team of a project, arms of experiments, and what is asked for by name', async () => {
  expect((await json('--task', 'summary', '--project', 'site')).route.by).toMatch(/^routes\[1\]/);
  expect((await json('--task', 'summary', '--project', 'other')).route.by).toBe('chain default');
  expect((await json('--task', 'code')).route.experiment).toEqual({ name: 'smaller', arm: 'all' });
  writeFileSync(join(session.folder, 'prompt.md'), 'x'.repeat(3_000));
  const { route, request } = await json('--model', 'perplexity', '--max-tokens', '7', '@prompt.md', '--id', 'x');
  expect(request).toEqual({ id: 'x', inputTokens: 1_000, model: 'perplexity', maxOutputTokens: 7 });
  expect(route.candidates.map(candidateKey)).toEqual(['perplexity/sonar-pro']);
  // 1,000 tokens of prompt, 7 of answer, and what each of its calls costs.
  expect(toDollars(route.candidates[0]!.estimateNano!)).toBeCloseTo(0.003 + 0.000105 + 0.014, 8);
});

it('shows who is asked when the budget has nothing left', async () => {
  const { route } = await json('--model', 'openai', '--over-budget');
  expect(route.candidates.map(({ provider }) => provider)).toEqual(['local']);
  expect(route.rejected.map(({ kind }) => kind)).toEqual(['budget']);
  const { out } = await explain('hello', '--model', 'openai', '--over-budget');
  expect(out.split('\n')[0]).toBe('asked for by name in gantry.config.yaml; the budget has nothing left');
});

it('tells every mistake of the configuration, and where', async () => {
  writeFileSync(
    join(session.folder, 'gantry.config.yaml'),
    'providers: { opnai: {} }\nroutes: [{ chain: [nobody] }]\n',
  );
  const { code, err } = await explain();
  expect(code).toBe(2);
  expect(err).toContain('gantry.config.yaml:1:');
  expect(err).toContain('gantry.config.yaml:2:');
});

it('takes the kind of task as `send` calls it, too', async () => {
  const { route, request } = await json('--task-type', 'code');
  expect([request.task, route.by]).toEqual(['code', 'experiment smaller, arm all']);
});
