import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MockActivityEnvironment } from '@temporalio/testing';
import { parse } from 'yaml';
import { createModelActivities } from '../../activities/models/create-model-activities';
import type { JsonObject } from '../../contracts/json';
import type { CallModelInput, CallModelResult } from '../../contracts/models';
import { checkPipeline } from '../../contracts/pipeline';
import { pipelineFile } from '../../contracts/schemas/pipeline';
import { calculatorScript } from '../../examples/offline/calculator-script';
import { startOfflineModel, type OfflineModel } from '../../examples/offline/model-server';
import type { Edit } from '../../examples/offline/percent-edit';
import type { Review } from '../../examples/offline/review-diff';
import { scriptedClient, scriptedModel } from '../support/scripted-models';

// The demo's own parts, put together by hand: the sample in a real repository, the offline model over HTTP through
// the real SDK, and the pipeline file.

const SAMPLE = join(__dirname, '..', '..', 'examples', 'demo', 'calculator');
const SOURCE = parse(readFileSync(join(SAMPLE, '..', 'feature.yaml'), 'utf8')) as JsonObject;
const PIPELINE = pipelineFile.parse(SOURCE);

let dir: string;
let model: OfflineModel;
const git = (...args: string[]) => execFileSync('git', args, { cwd: dir, encoding: 'utf8' }).trim();

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'gantry-calculator-'));
  cpSync(SAMPLE, dir, { recursive: true });
  git('init', '-q', '-b', 'main');
  git('config', 'user.email', 'a@example.test');
  git('config', 'user.name', 'A');
  git('add', '.');
  git('commit', '-qm', 'The calculator');
  model = await startOfflineModel({ script: calculatorScript });
});
afterEach(async () => {
  await model.close();
  rmSync(dir, { recursive: true, force: true });
});

/** Run the sample's own suite: names of the tests that passed and that did not. */
function runSuite(): { passed: string[]; failed: string[] } {
  // Under Jest's or another runner's variables the suite would report to that one.
  const env = { ...process.env, NODE_TEST_CONTEXT: undefined, NODE_OPTIONS: undefined };
  const { stdout } = spawnSync(process.execPath, ['--test', '--test-reporter=tap'], {
    cwd: dir,
    env,
    encoding: 'utf8',
  });
  const names = (pattern: RegExp) => [...stdout.matchAll(pattern)].map(([, name]) => name!);
  return { passed: names(/^ok \d+ - (.*)$/gm), failed: names(/^not ok \d+ - (.*)$/gm) };
}

async function ask(input: Partial<CallModelInput>): Promise<CallModelResult> {
  const offline = scriptedModel('offline', model.url.replace(/\/v1$/, ''));
  const { callModel } = createModelActivities({
    ...{ client: scriptedClient([offline]).client, providers: [offline.provider], config: {} },
    ledger: { book: () => Promise.reject(new Error('nothing is counted here')) },
    readText: async (text) => ('inline' in text ? text.inline : text.head),
    storeText: async (text) => ({ inline: text }),
    redact: (text) => text,
    log: { info: () => undefined, warn: () => undefined },
  });
  const workspace = {
    repository: dir,
    path: dir,
    branch: 'b',
    base: 'main',
    baseCommit: git('rev-list', '--max-parents=0', 'HEAD'),
    ports: {},
  };
  const given: CallModelInput = {
    ...{ id: 'r/s#1', trials: [] },
    run: { project: 'calculator', runId: 'r' },
    stage: 's',
    prompt: '',
    attachments: [],
    timeoutMs: 30_000,
    workspace,
    ...input,
  };
  return new MockActivityEnvironment({ startToCloseTimeoutMs: 60_000 }).run(callModel, given);
}

/** What the offline agent asks for, in short. */
async function askForEdits(more = ''): Promise<{ edits: Edit[]; commit: string; say: string }> {
  const request = readFileSync(join(dir, 'FEATURE_REQUEST.md'), 'utf8');
  const { output } = await ask({
    prompt: `Implement this.\n${request}\n${more}`,
    output: { edits: 'any', commit: 'string', say: 'string' },
  });
  return output as unknown as { edits: Edit[]; commit: string; say: string };
}

function apply(edits: readonly Edit[]): void {
  for (const edit of edits) {
    const path = join(dir, edit.path);
    if ('content' in edit) writeFileSync(path, edit.content);
    else {
      const before = readFileSync(path, 'utf8');
      expect(before.split(edit.find)).toHaveLength(2);
      writeFileSync(
        path,
        before.replace(edit.find, () => edit.replace),
      );
    }
  }
}

it('fails exactly the test of the missing feature, and none once the edit is applied', async () => {
  const before = runSuite();
  expect(before.failed).toEqual([expect.stringContaining('the percent key')]);

  const { edits, commit } = await askForEdits();
  apply(edits);
  const after = runSuite();
  expect(after.failed).toEqual([]);
  expect(after.passed).toEqual(expect.arrayContaining([...before.passed, ...before.failed]));
  expect(after.passed.length).toBeGreaterThan(before.passed.length + 1);
  expect(commit).toBe('Add a percent key');
});

it('is planned by the offline model in the shape the pipeline declares', async () => {
  const { plan } = PIPELINE.stages;
  const {
    output,
    provider,
    model: name,
    costNano,
  } = await ask({
    prompt: 'Plan the smallest change that delivers: Add a percent key to the calculator.',
    attachments: [{ kind: 'file', path: 'FEATURE_REQUEST.md' }],
    output: plan!.output!,
  });
  expect({ provider, name, costNano }).toEqual({ provider: 'offline', name: 'offline-scripted', costNano: 0 });
  const { files, summary } = output as { files: string[]; summary: string };
  expect(summary).toContain('keyboard');
  // The plan names the files the edit then touches.
  const { edits } = await askForEdits();
  expect([...new Set(edits.map(({ path }) => path))].sort()).toEqual([...files].sort());
});

it('is reviewed by its diff: approved as it is, sent back with something left over', async () => {
  const { review } = PIPELINE.stages;
  const verdict = async () => {
    const { output } = await ask({ prompt: 'Review it.', attachments: [{ kind: 'diff' }], output: review!.output! });
    return output as unknown as Review;
  };
  expect(await verdict()).toMatchObject({ verdict: 'revise', comments: ['There is no change to review.'] });

  apply((await askForEdits()).edits);
  git('add', '.');
  git('commit', '-qm', 'Add a percent key');
  const approved = await verdict();
  expect(approved.verdict).toBe('approve');
  expect(approved.comments[0]).toContain('public/calculator.mjs, public/index.html, test/percent-chain.test.mjs');

  const path = join(dir, 'public', 'calculator.mjs');
  writeFileSync(path, `${readFileSync(path, 'utf8')}console.log('here');\n`);
  expect(await verdict()).toEqual({
    verdict: 'revise',
    comments: ["public/calculator.mjs prints for debugging: console.log('here');"],
  });
});

it('is not implemented twice', async () => {
  const { edits, say } = await askForEdits('public/calculator.mjs:\nfunction takePercent(state) {');
  expect(edits).toEqual([]);
  expect(say).toContain('I am a script');
});

it.each(['What is the capital of France?', 'Plan a memory key. {"title","summary","files","risks"}'])(
  'gets an honest answer to anything else: %s',
  async (prompt) => {
    const { text } = await ask({ prompt });
    expect('inline' in text && text.inline).toContain('a script, not a language model');
  },
);

it('has a button for each key the page knows, and each key does something', async () => {
  apply((await askForEdits()).edits);
  const page = readFileSync(join(dir, 'public', 'index.html'), 'utf8');
  const keys = [...page.matchAll(/data-key="([^"$]+)"/g)].map(([, key]) => key!);
  expect(keys).toHaveLength(19);
  const program = `import { press, pressAll } from './public/calculator.mjs';
    const state = pressAll(['1', '2', '+', '3']);
    process.stdout.write(JSON.stringify(${JSON.stringify(keys)}.filter((key) => press(state, key) === state)));`;
  const idle = execFileSync(process.execPath, ['--input-type=module', '-e', program], { cwd: dir, encoding: 'utf8' });
  expect(JSON.parse(idle)).toEqual([]);
});

it('is built by a pipeline that passes every check, each stage after the one before', () => {
  expect(checkPipeline(SOURCE, {})).toHaveProperty('definition');
  const stages = Object.entries(PIPELINE.stages);
  const names = stages.map(([name]) => name);
  expect(names).toEqual(['plan', 'implement', 'test', 'review', 'approve', 'merge', 'deploy', 'monitor']);
  expect(stages.map(([, { needs }]) => needs)).toEqual([[], ...names.slice(0, -1).map((name) => [name])]);
  expect(PIPELINE.stages['test']!['on-failure']).toMatchObject({ fix: ['implement'] });
});

it('comes with nothing but its own files', () => {
  expect(readdirSync(SAMPLE).sort()).toEqual([
    'FEATURE_REQUEST.md',
    'README.md',
    'package.json',
    'public',
    'server.mjs',
    'test',
  ]);
});
