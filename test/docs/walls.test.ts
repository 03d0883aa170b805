import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

// The walls of .dependency-cruiser.cjs and the workflow rules of eslint.config.mjs, tried on a small project in which
// somebody climbed over each of them.

const ROOT = path.resolve(__dirname, '../..');
const run = promisify(execFile);

/** One climber for each wall: the file, and what it holds. */
const CLIMBERS: Record<string, { file: string; text: string }> = {
  'contracts-are-leaves': { file: 'contracts/leaf.ts', text: `import { act } from '../activities/act'; act();` },
  'contracts-do-nothing': {
    file: 'contracts/reader.ts',
    text: `import { readFileSync } from 'node:fs'; readFileSync;`,
  },
  'workflows-stay-deterministic': {
    file: 'workflows/hasty.ts',
    text: `import { act } from '../activities/act'; act();`,
  },
  'workflows-no-node-core': {
    file: 'workflows/random.ts',
    text: `import { randomUUID } from 'node:crypto'; randomUUID();`,
  },
  'workflows-no-runtime-npm': { file: 'workflows/talker.ts', text: `import pino from 'pino'; pino();` },
  'schemas-stay-at-the-doors': {
    file: 'workflows/parser.ts',
    text: `import { shape } from '../contracts/schemas/shape'; shape;`,
  },
  'activities-know-no-workflow': {
    file: 'activities/curious.ts',
    text: `import type { W } from '../workflows/w'; const w: W = 1; w;`,
  },
  'workers-only-wire': { file: 'workers/asker.ts', text: `import { ask } from '../client/ask'; ask();` },
  'client-only-asks': { file: 'client/doer.ts', text: `import { act } from '../activities/act'; act();` },
  'only-one-module-speaks-temporal-client': {
    file: 'client/second-door.ts',
    text: `import { Client } from '@temporalio/client'; Client;`,
  },
  'only-activities-touch-vendors': { file: 'client/chat.ts', text: `import OpenAI from 'openai'; OpenAI;` },
  'one-module-reads-the-price-list': {
    file: 'activities/accountant.ts',
    text: `import { calcPrice } from '@pydantic/genai-prices'; calcPrice;`,
  },
  'workflows-carry-no-prices': {
    file: 'workflows/dealer.ts',
    text: `import { book } from '../contracts/book'; book;`,
  },
  'workflows-read-no-documents': {
    file: 'workflows/librarian.ts',
    text: `import { shelf } from '../contracts/shelf'; shelf;`,
  },
  'no-dep-on-test': { file: 'activities/faker.ts', text: `import { fake } from '../test/support/fake'; fake;` },
  'no-dev-packages': { file: 'workers/prover.ts', text: `import fc from 'fast-check'; fc;` },
  'no-cycles': {
    file: 'activities/egg.ts',
    text: `import { hen } from './hen'; export const egg = (): unknown => hen;`,
  },
  'no-orphans': { file: 'workers/alone.ts', text: `export const alone = 1;` },
  'no-unresolvable': { file: 'client/lost.ts', text: `import { nothing } from './nowhere'; nothing;` },
};

/** What the climbers reach for, and a workflow that keeps to the rules. */
const BYSTANDERS: Record<string, string> = {
  'contracts/plain.ts': `export const plain = 1;`,
  'contracts/book.ts': `import { list } from './price-list'; export const book = list;`,
  'contracts/shelf.ts': `import { read } from './reading/document'; export const shelf = read;`,
  'contracts/reading/document.ts': `import { parseDocument } from 'yaml'; export const read = parseDocument;`,
  'contracts/price-list.ts': `import { calcPrice } from '@pydantic/genai-prices'; export const list = calcPrice;`,
  'contracts/schemas/shape.ts': `export const shape = 1; export type Shape = number;`,
  'workflows/w.ts': `export type W = number;`,
  'activities/act.ts': `export const act = (): number => 1;`,
  'activities/hen.ts': `import { egg } from './egg'; export const hen = (): unknown => egg;`,
  'client/ask.ts': `export const ask = (): number => 1;`,
  'test/support/fake.ts': `export const fake = 1;`,
  'workflows/honest.ts': [
    `import { sleep } from '@temporalio/workflow';`,
    `import type { act } from '../activities/act';`,
    `import type { Shape } from '../contracts/schemas/shape';`,
    `import { plain } from '../contracts/plain';`,
    `export async function honest(run: typeof act, shape: Shape): Promise<number> {`,
    `  await sleep(1);`,
    `  return run() + shape + plain;`,
    `}`,
  ].join('\n'),
};

interface Violation {
  readonly from: string;
  readonly rule: { readonly name: string };
}

let project: string;
let violations: Violation[];

beforeAll(async () => {
  project = await mkdtemp(path.join(tmpdir(), 'gantry-walls-'));
  const climbers = Object.values(CLIMBERS).map(({ file, text }) => [file, text] as const);
  for (const [file, text] of [...climbers, ...Object.entries(BYSTANDERS)]) {
    await mkdir(path.join(project, path.dirname(file)), { recursive: true });
    await writeFile(path.join(project, file), `${text}\n`);
  }
  for (const file of ['.dependency-cruiser.cjs', 'eslint.config.mjs', 'tsconfig.json', 'package.json']) {
    await cp(path.join(ROOT, file), path.join(project, file));
  }
  await symlink(path.join(ROOT, 'node_modules'), path.join(project, 'node_modules'));
  violations = await cruise();
});

afterAll(() => rm(project, { recursive: true, force: true }));

test('every wall has somebody who tries to climb it', async () => {
  const { forbidden } = (await import(path.join(ROOT, '.dependency-cruiser.cjs'))) as {
    forbidden: { name: string; comment: string }[];
  };
  expect(Object.keys(CLIMBERS).sort()).toEqual(forbidden.map(({ name }) => name).sort());
  expect(forbidden.filter(({ comment }) => comment.length < 20)).toEqual([]);
});

test.each(Object.entries(CLIMBERS))('%s is caught', (wall, { file }) => {
  expect(violations.filter(({ from }) => from === file).map(({ rule }) => rule.name)).toContain(wall);
});

test('types may cross, and what keeps to the rules is left alone', () => {
  expect(violations.filter(({ from }) => from === 'workflows/honest.ts')).toEqual([]);
});

test('a workflow that leaves the sandbox or forgets a promise does not pass the linter', async () => {
  const caught = {
    'process.env leaks the worker': `export const home = process.env['HOME'];`,
    'fetch is not there': `export const page = fetch('http://localhost');`,
    'local time differs between workers': `export const hour = new Date(0).getHours();`,
    'module state outlives a replay': `export let count = 0; count += 1;`,
    'a promise nobody awaits': `export const start = (): void => { Promise.resolve(1); };`,
    'a value import of an activity': `import { act } from '../activities/act'; export const got = act();`,
    'a Node built-in': `import { hostname } from 'node:os'; export const host = hostname();`,
    'a type imported as a value': `import { W } from './w'; export const w: W = 1;`,
  };
  const files = Object.keys(caught).map((name) => `workflows/planted-${name.replace(/\W+/g, '-')}.ts`);
  await Promise.all(Object.values(caught).map((text, i) => writeFile(path.join(project, files[i]!), `${text}\n`)));
  const report = await lint([...files, 'workflows/honest.ts']);
  const faults = report.map(({ messages }) => messages.map(({ ruleId }) => ruleId));
  expect(faults).toEqual([
    ['no-restricted-globals'],
    ['no-restricted-globals'],
    ['no-restricted-syntax'],
    ['no-restricted-syntax'],
    ['@typescript-eslint/no-floating-promises'],
    ['@typescript-eslint/no-restricted-imports'],
    ['@typescript-eslint/no-restricted-imports'],
    ['@typescript-eslint/consistent-type-imports'],
    [],
  ]);
});

async function cruise(): Promise<Violation[]> {
  const rooms = ['contracts', 'workflows', 'activities', 'workers', 'client', 'test'];
  const output = await outputOf('depcruise', ['--preserve-symlinks', '--output-type', 'json', ...rooms]);
  return (JSON.parse(output) as { summary: { violations: Violation[] } }).summary.violations;
}

async function lint(files: string[]): Promise<{ messages: { ruleId: string }[] }[]> {
  const report = JSON.parse(await outputOf('eslint', ['--format', 'json', ...files])) as {
    filePath: string;
    messages: { ruleId: string }[];
  }[];
  return files.map((file) => report.find(({ filePath }) => filePath.endsWith(file)) ?? { messages: [] });
}

/** What a tool of the project prints; finding something is its job and no failure here. */
async function outputOf(tool: string, args: string[]): Promise<string> {
  const options = { cwd: project, maxBuffer: 64 * 1024 * 1024 };
  return run(path.join(ROOT, 'node_modules', '.bin', tool), args, options).then(
    ({ stdout }) => stdout,
    (error: { stdout: string; stderr: string }) => {
      if (error.stdout === '') throw new Error(`${tool} said nothing but: ${error.stderr}`);
      return error.stdout;
    },
  );
}
