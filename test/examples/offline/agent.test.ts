import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startOfflineModel, type OfflineModel } from '../../../examples/offline/model-server';
import { AgentBench, leaseFor } from '../../support/agent-bench';
import { compileSources } from '../../support/compile-sources';

const compiled = compileSources('offline', ['examples/offline']);
const program = join(compiled, 'examples', 'offline', 'agent.js');

let bench: AgentBench;
let model: OfflineModel;
let answer: unknown;
beforeEach(async () => {
  bench = new AgentBench();
  model = await startOfflineModel({ script: () => (typeof answer === 'string' ? answer : JSON.stringify(answer)) });
  answer = { edits: [{ path: 'a.txt', find: 'a', replace: 'b' }], commit: 'Make it b', say: 'It is b now.' };
});
afterEach(async () => {
  await model.close();
  await bench.close();
});
afterAll(() => rmSync(compiled, { recursive: true, force: true }));

function agent() {
  return {
    kind: 'offline',
    command: [process.execPath, program],
    set: { GANTRY_OFFLINE_MODEL_URL: model.url, GANTRY_AGENT_LOG: bench.agentLog },
  };
}

describe.each(['tmux', 'headless'] as const)('the offline agent (%s)', (backend) => {
  const dispatch = (overrides = {}) => bench.dispatch(agent(), bench.input({ backend, ...overrides }));

  it('asks the model, edits, commits and says so', async () => {
    const contract = { minCommits: 1, maxCommits: 1, files: ['a.txt'], clean: true };
    const result = await dispatch({ contract });
    expect(result).toMatchObject({
      commits: 1,
      message: { inline: 'It is b now.' },
      contract: '1 commit · contract met',
    });
    expect(bench.git('log', '-1', '--format=%s')).toBe('Make it b');
    expect(readFileSync(join(bench.repository, 'a.txt'), 'utf8')).toBe('b\n');
    expect(bench.prompts()).toHaveLength(1);
    const [request] = model.requests;
    expect(request!.messages.at(-1)!.content).toContain('<file path="a.txt">\na\n');
    expect(request!.messages.at(-1)!.content).toContain(bench.input().prompt);
  });

  it('reads a long prompt from its file', async () => {
    const prompt = `${'Look at this. '.repeat(500)}END`;
    await dispatch({ prompt });
    expect(model.requests[0]!.messages.at(-1)!.content).toContain(prompt);
  });

  it('writes the output that was asked for', async () => {
    answer = { edits: [], say: 'Looked.', output: { verdict: 'approve' } };
    const result = await dispatch({ output: { verdict: 'approve | revise' } });
    expect(result).toMatchObject({ commits: 0, output: { verdict: 'approve' } });
  });

  it('says what the model says, in a repository or without one', async () => {
    answer = 'I am a poet.';
    expect(await dispatch()).toMatchObject({ commits: 0, message: { inline: 'I am a poet.' } });
    const { workspace: _, ...elsewhere } = bench.input({ backend, dispatchId: 'r-1.implement.1.2' });
    const lease = leaseFor(elsewhere.dispatchId);
    expect(await bench.dispatch(agent(), { ...elsewhere, lease })).toMatchObject({
      message: { inline: 'I am a poet.' },
    });
    expect(model.requests.at(-1)!.messages.at(-1)!.content).toContain('There is no repository here.');
  });

  it.each([
    ['names edits that are none', { edits: 'all of them' }, /is no edit/],
    ['wants to edit outside', { edits: [{ path: '../x.txt', content: 'x' }] }, /leads out/],
    ['wants to edit through a link', { edits: [{ path: 'link/x.txt', content: 'x' }] }, /leads out/],
    ['wants to edit git itself', { edits: [{ path: '.git/hooks/pre-commit', content: 'x' }] }, /leads out/],
    ['replaces what is not there', { edits: [{ path: 'a.txt', find: 'zz', replace: '' }] }, /occurs 0 times/],
  ])('fails, and changes nothing, when the model %s', async (_, wanted, message) => {
    mkdirSync(join(bench.root, 'outside'));
    symlinkSync(join(bench.root, 'outside'), join(bench.repository, 'link'));
    answer = wanted;
    await expect(dispatch()).rejects.toThrow(message);
    expect(existsSync(join(bench.root, 'outside', 'x.txt'))).toBe(false);
    expect(bench.git('rev-list', '--count', 'HEAD')).toBe('1');
  });

  it('reports that its model is not there', async () => {
    await model.close();
    await expect(dispatch()).rejects.toMatchObject({ type: 'Provider.ServerError' });
  });
});

it('leaves what a person has not committed alone', async () => {
  writeFileSync(join(bench.repository, 'mine.txt'), 'mine\n');
  await bench.dispatch(agent(), bench.input());
  expect(bench.git('show', '--stat', '--format=', 'HEAD')).not.toContain('mine.txt');
});
