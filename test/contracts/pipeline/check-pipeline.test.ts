import type { PipelineDefinition, StageDefinition } from '../../../contracts/definition';
import { checkPipeline, problemText } from '../../../contracts/pipeline';

const MINUTE = 60_000;

const EIGHT = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];

describe('a checked pipeline', () => {
  it('has every default filled in', () => {
    expect(define({ name: 'x', stages: { a: { run: 'npm test' } } })).toEqual({
      name: 'x',
      inputs: {},
      mode: 'fix_forward',
      ports: [],
      onFailure: 'keep',
      after: [],
      stages: [
        {
          id: 'a',
          kind: 'run',
          needs: [],
          run: 'npm test',
          timeoutMs: 30 * MINUTE,
          retry: { attempts: 1, delayMs: 1_000 },
          onFailure: { action: 'fail' },
          workspace: 'shared',
          env: {},
          secrets: [],
        },
      ],
      pipelines: {},
    });
  });

  it('is JSON: what was not said is absent', () => {
    const definition = define({
      name: 'x',
      inputs: { n: {} },
      stages: { a: { gate: {} }, b: { agent: 'codex', prompt: 'x' }, c: { merge: {} }, d: { check: { run: 'x' } } },
    });
    expect(JSON.parse(JSON.stringify(definition))).toStrictEqual(definition);
  });

  it('has what can be computed of an answer before its judges', () => {
    const judge = { judge: 'Is it good?', 'at-least': 0.9, model: 'cheap' };
    const evaluate = [{ judge: 'Is it short?' }, judge, { lacks: 'TODO' }, { length: '10..' }, { compiles: 'ts' }];
    expect(only({ prompt: 'x', evaluate })).toMatchObject({
      evaluate: [
        { kind: 'lacks', pattern: 'TODO' },
        { kind: 'length', min: 10 },
        { kind: 'compiles', languages: ['ts'] },
        { kind: 'judge', criteria: 'Is it short?', atLeast: 0.7, onError: 'fail' },
        { kind: 'judge', criteria: 'Is it good?', model: 'cheap', atLeast: 0.9, onError: 'fail' },
      ],
    });
  });

  it.each([
    [{ run: 'x' }, 30 * MINUTE],
    [{ prompt: 'x' }, 10 * MINUTE],
    [{ agent: 'codex', prompt: 'x' }, 60 * MINUTE],
    [{ gate: {} }, 0],
    [{ merge: {} }, 5 * MINUTE],
    [{ service: { name: 'web', run: 'x' } }, 5 * MINUTE],
    [{ check: { run: 'x', within: '2m', for: '3m' } }, 6 * MINUTE],
    [{ run: 'x', check: { run: 'y', within: '2m', for: '3m' } }, 35 * MINUTE],
    [{ pipeline: '{{ inputs.p }}' }, 24 * 60 * MINUTE],
    [{ run: 'x', timeout: '90s' }, 90_000],
  ])('gives %j its time', (stage, timeoutMs) => {
    expect(only(stage).timeoutMs).toBe(timeoutMs);
  });

  it.each([
    [{ run: 'x' }, 1],
    [{ run: 'x', retry: { attempts: 2 } }, 2],
    [{ run: 'x', retry: { delay: '5s' } }, 1],
    [{ prompt: 'x' }, 3],
    [{ agent: 'codex', prompt: 'x' }, 3],
    [{ gate: {} }, 1],
    [{ merge: {} }, 3],
    [{ service: { name: 'web', run: 'x' } }, 3],
    [{ check: { run: 'x' } }, 1],
    [{ pipeline: '{{ inputs.p }}' }, 1],
  ])('tries %j that often', (stage, attempts) => {
    expect(only(stage).retry.attempts).toBe(attempts);
  });

  it('takes from defaults what a stage does not say, and only where it fits', () => {
    const { stages } = define({
      name: 'x',
      defaults: { agent: 'codex', model: 'm', retry: { attempts: 5, delay: '2s' }, timeout: '7m', backend: 'headless' },
      stages: {
        a: { prompt: 'x', contract: { commits: '1..' } },
        b: { prompt: 'x' },
        c: { run: 'x' },
        d: { gate: {} },
        e: { agent: 'claude', prompt: 'x', backend: 'tmux', timeout: '1m', retry: { attempts: 1 } },
      },
    });
    const retry = { attempts: 5, delayMs: 2_000 };
    expect(stages).toMatchObject([
      { kind: 'agent', pools: ['codex'], backend: 'headless', timeoutMs: 7 * MINUTE, retry },
      { kind: 'prompt', model: 'm', timeoutMs: 7 * MINUTE, retry },
      { kind: 'run', timeoutMs: 7 * MINUTE, retry: { attempts: 1, delayMs: 1_000 } },
      { kind: 'gate', timeoutMs: 0, retry: { attempts: 1 } },
      { pools: ['claude'], backend: 'tmux', timeoutMs: MINUTE, retry: { attempts: 1, delayMs: 2_000 } },
    ]);
    expect(stages[0]).not.toHaveProperty('model');
  });

  it.each([
    ['2', { minCommits: 2, maxCommits: 2 }],
    ['1..', { minCommits: 1 }],
    ['1..3', { minCommits: 1, maxCommits: 3 }],
    [0, { minCommits: 0, maxCommits: 0 }],
  ])('reads %j commits', (commits, range) => {
    const stage = only({ agent: 'codex', prompt: 'x', contract: { commits } });
    expect(stage).toMatchObject({ contract: { ...range, files: [], clean: false } });
  });

  it.each<[string, object, object, readonly string[]]>([
    ['the agent is its own pool', { agent: 'codex' }, {}, ['codex']],
    ['a pool is asked before the agent it is of', { agent: 'codex', pool: 'codex-big' }, {}, ['codex-big']],
    [
      'the chain comes after the pool',
      { agent: 'codex', chain: ['claude', 'gemini'] },
      {},
      ['codex', 'claude', 'gemini'],
    ],
    ['a chain alone says all', { chain: ['claude', 'codex'] }, { agent: 'codex' }, ['claude', 'codex']],
    ['defaults give the chain', { agent: 'claude' }, { chain: ['codex', 'claude'] }, ['claude', 'codex']],
    [
      'a chain of its own comes instead',
      { agent: 'claude', chain: 'gemini' },
      { chain: ['codex'] },
      ['claude', 'gemini'],
    ],
  ])('knows which pools a prompt may go to: %s', (_name, stage, defaults, pools) => {
    const { stages } = define({ name: 'x', defaults, stages: { a: { prompt: 'x', ...stage } } });
    expect(stages[0]).toMatchObject({ kind: 'agent', pools });
  });

  it('waits, looks for life, asks and converses as said, and reasonably where nothing is said', () => {
    expect(only({ agent: 'codex', prompt: 'x' })).toMatchObject({
      waitMs: 2 * MINUTE,
      stuckMs: 15 * MINUTE,
      conversation: 'fresh',
      questions: { approvers: ['*'], min: 1, deadlineMs: 30 * MINUTE, onTimeout: 'reject' },
    });
    const said = {
      wait: '5s',
      'stuck-after': '1m',
      conversation: 'keep',
      questions: { approvers: 'lead', deadline: '1h' },
    };
    expect(only({ agent: 'codex', prompt: 'x', ...said })).toMatchObject({
      waitMs: 5_000,
      stuckMs: MINUTE,
      conversation: 'keep',
      questions: { approvers: ['lead'], deadlineMs: 60 * MINUTE },
    });
  });

  it.each<[object, object, string]>([
    [
      { agent: 'codex', chain: ['claude', 'claude'] },
      {},
      'stage "a": chain[2] names "claude" twice. Name each pool once, in the order they are asked.',
    ],
    [
      { agent: 'codex', chain: ['codex'] },
      {},
      'stage "a": chain[1] names "codex", which is asked first already. Name each pool once, in the order they are asked.',
    ],
    [{ agent: 'codex', chain: [] }, {}, 'stage "a": chain is empty. Take it out.'],
    [{ agent: 'codex', chain: EIGHT }, {}, 'stage "a": chain makes 9 pools with those before it, more than 8.'],
    [{ agent: 'codex' }, { chain: EIGHT }, 'stage "a": chain makes 9 pools with those before it, more than 8.'],
    [
      { agent: 'codex' },
      { chain: ['claude', 'claude'] },
      'defaults.chain[2] names "claude" twice. Name each pool once, in the order they are asked.',
    ],
    [{ agent: 'codex', 'stuck-after': '0s' }, {}, 'stage "a": stuck-after must be longer than 0.'],
    [{ agent: 'codex', questions: { deadline: '0s' } }, {}, 'stage "a": questions.deadline must be longer than 0.'],
    [
      { agent: 'codex', questions: { approvers: ['lead'], min: 2 } },
      {},
      'stage "a": questions.min is 2, but only 1 may approve: nobody could open the gate.',
    ],
    [
      { agent: 'codex', workspace: 'none', contract: { commits: '1..' } },
      {},
      'stage "a": contract.commits needs a workspace. Take out workspace: none.',
    ],
    [
      { run: 'x', prompt: undefined, chain: ['codex'] },
      {},
      'stage "a": chain goes with agent only, and this is a run stage.',
    ],
  ])('refuses %j with %j', (stage, defaults, problem) => {
    const checked = checkPipeline({ name: 'x', defaults, stages: { a: { prompt: 'x', ...stage } } });
    expect('problems' in checked && checked.problems.map(problemText)).toEqual([problem]);
  });

  it('accepts one where it takes many', () => {
    const { stages } = define({
      name: 'x',
      stages: {
        a: { run: 'x' },
        ok: { needs: 'a', gate: { approvers: 'lead', 'open-in': 'auto_prod' } },
        b: { needs: ['a', 'a'], prompt: 'x', attach: 'diff', 'on-failure': { fix: 'a' } },
      },
    });
    expect(stages).toMatchObject([
      {},
      { needs: ['a'], gate: { approvers: ['lead'], openIn: ['auto_prod'] } },
      { needs: ['a'], attach: ['diff'], onFailure: { action: 'fix', stages: ['a'], attempts: 3, then: 'fail' } },
    ]);
  });

  it('gives every pipeline it nests the mode of the whole, and its own defaults over the others', () => {
    const { pipelines } = define({
      name: 'x',
      mode: 'auto_prod',
      ports: ['web'],
      defaults: { timeout: '7m', model: 'm' },
      pipelines: {
        inner: { defaults: { timeout: '1m' }, timeout: '1h', stages: { a: { prompt: 'port {{ run.ports.web }}' } } },
      },
      stages: { a: { pipeline: 'inner' } },
    });
    expect(pipelines['inner']).toMatchObject({
      name: 'inner',
      mode: 'auto_prod',
      timeoutMs: 60 * MINUTE,
      pipelines: {},
    });
    expect(pipelines['inner']?.stages).toMatchObject([{ model: 'm', timeoutMs: MINUTE }]);
  });

  it('takes the name it is given when the source has none', () => {
    const source = { stages: { a: { run: 'x' } } };
    expect(checkPipeline(source, { name: 'made' })).toMatchObject({ definition: { name: 'made' } });
    expect(checkPipeline({ name: 'own', ...source }, { name: 'made' })).toMatchObject({ definition: { name: 'own' } });
    expect(checkPipeline(source)).toMatchObject({ problems: [{ path: ['name'] }] });
  });
});

describe('the worktree of a stage', () => {
  const agent = { agent: 'codex', prompt: 'x' };

  it.each<[string, Record<string, object>, Record<string, string>]>([
    ['agents after each other share it', { a: agent, b: { ...agent, needs: 'a' } }, { a: 'shared', b: 'shared' }],
    ['agents beside each other have their own', { a: agent, b: agent }, { a: 'own', b: 'own' }],
    ['an agent beside a command has its own', { a: agent, b: { run: 'x' } }, { a: 'own', b: 'shared' }],
    [
      'an agent and a nested pipeline beside each other have their own',
      { a: agent, b: { pipeline: '{{ inputs.p }}' } },
      { a: 'own', b: 'own' },
    ],
    ['an agent beside a plain prompt shares it', { a: agent, b: { prompt: 'x' } }, { a: 'shared', b: 'none' }],
    [
      'a prompt that reads the change is at work in it',
      { a: agent, b: { prompt: 'x', attach: 'diff' } },
      { a: 'own', b: 'shared' },
    ],
    ['a command that needs none is not', { a: agent, b: { run: 'x', workspace: 'none' } }, { a: 'shared', b: 'none' }],
    ['an agent in cells has one for each', { a: { ...agent, matrix: { n: [1, 2] } } }, { a: 'own' }],
    [
      'a way through others is a way',
      { a: agent, g: { gate: {}, needs: 'a' }, b: { ...agent, needs: 'g' } },
      { a: 'shared', g: 'none', b: 'shared' },
    ],
    [
      'what a stage says stands',
      { a: { ...agent, workspace: 'shared' }, b: { ...agent, workspace: 'own' } },
      { a: 'shared', b: 'own' },
    ],
    [
      'a check by HTTP needs none',
      { a: { check: { http: 'http://localhost' } }, b: { check: { run: 'x' } } },
      { a: 'none', b: 'shared' },
    ],
  ])('%s', (_, stages, workspaces) => {
    const definition = define({ name: 'x', inputs: { p: { default: 'x' } }, stages });
    expect(Object.fromEntries(definition.stages.map(({ id, workspace }) => [id, workspace]))).toEqual(workspaces);
  });
});

function only(stage: object): StageDefinition {
  const definition = define({ name: 'x', inputs: { p: { default: 'x' } }, stages: { a: stage } });
  return definition.stages[0] as StageDefinition;
}

function define(source: object): PipelineDefinition {
  const checked = checkPipeline(source);
  expect(checked).not.toHaveProperty('problems');
  return (checked as { definition: PipelineDefinition }).definition;
}
