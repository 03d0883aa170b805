import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readFile, rm, symlink, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';

// The build, on a project of five files. One story, told in order: each test goes on where the last one ended.

const ROOT = path.resolve(__dirname, '../..');
const run = promisify(execFile);
let project: string;

beforeAll(async () => {
  project = await mkdtemp(path.join(tmpdir(), 'gantry-build-'));
  for (const file of ['tsconfig.json', 'tsconfig.build.json', 'package.json']) {
    await cp(path.join(ROOT, file), path.join(project, file));
  }
  await symlink(path.join(ROOT, 'node_modules'), path.join(project, 'node_modules'));
  await write('contracts/word.ts', `export const WORD = 'first word';`);
  await write('contracts/expressions/index.ts', `export const evaluated = true;`);
  await write('workflows/index.ts', `export { WORD } from '../contracts/word';`);
  await write('activities/spare.ts', `export const spare = 1;`);
  await write('examples/demo/page.html', '<p>as it is</p>');
});

afterAll(() => rm(project, { recursive: true, force: true }));

test('compiles, copies what is no source, and bundles the workflows', async () => {
  expect(await build()).toBe('built');
  expect(await read('dist/examples/demo/page.html')).toBe('<p>as it is</p>\n');
  expect(await read('dist/workflow-bundle.js')).toContain('first word');
});

test('does nothing when nothing changed', async () => {
  expect(await build()).toBe('up to date');
});

test('a changed source reaches the bundle', async () => {
  await write('contracts/word.ts', `export const WORD = 'second word, longer';`);
  expect(await build()).toBe('built');
  expect(await read('dist/workflow-bundle.js')).toContain('second word');
});

test('what a removed source left behind goes too', async () => {
  expect(existsSync(path.join(project, 'dist/activities/spare.js'))).toBe(true);
  await unlink(path.join(project, 'activities/spare.ts'));
  expect(await build()).toBe('built');
  expect(existsSync(path.join(project, 'dist/activities/spare.js'))).toBe(false);
});

test('a source that does not compile fails the build, and the next one tries again', async () => {
  await write('activities/wrong.ts', `export const wrong: number = 'text';`);
  await expect(build()).rejects.toThrow(/do not compile/);
  await expect(build()).rejects.toThrow(/do not compile/);
});

/** In a process of its own: the build is an ES module and Jest's are not. */
async function build(): Promise<string> {
  const script = `
    const { build } = await import(${JSON.stringify(pathToFileURL(path.join(ROOT, 'scripts/build.mjs')).href)});
    console.log((await build({ root: process.argv[1] })) ? 'built' : 'up to date');`;
  const { stdout } = await run(process.execPath, ['--input-type=module', '-e', script, project]);
  return stdout.trim();
}

async function write(file: string, text: string): Promise<void> {
  await mkdir(path.join(project, path.dirname(file)), { recursive: true });
  await writeFile(path.join(project, file), `${text}\n`);
}

function read(file: string): Promise<string> {
  return readFile(path.join(project, file), 'utf8');
}
