import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { loadPipelineFile } from '../../../client/definition/load-file';
import { BAD_FILES } from './bad-files';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gantry-definition-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('a pipeline file with a mistake', () => {
  it.each(BAD_FILES)('$what', async ({ text, says }) => {
    expect(await messageOf({ 'feature.yaml': text })).toEqual(says.map((line) => `feature.yaml:${line}`));
  });

  it('has its problems in a form for programs too', async () => {
    write({ 'feature.yaml': 'name: x\nstages:\n  a: { run: x, needs: [b] }' });
    await expect(load()).rejects.toMatchObject({
      name: 'DefinitionError',
      problems: [
        { file: 'feature.yaml', line: 3, column: 24, path: ['stages', 'a', 'needs', 0], stage: 'a', field: 'needs[1]' },
      ],
    });
  });

  it.each([
    ['a: { run: "a {{ inputs.x }}" }', 26],
    ["a: { run: 'a {{ inputs.x }}' }", 26],
    ['a: { run: "\\ta {{ inputs.x }}" }', 13],
    ['a: { run: &text "a {{ inputs.x }}" }', 32],
  ])('is pointed at in %s', async (stage, column) => {
    const [line] = await messageOf({ 'feature.yaml': `name: x\nstages:\n  ${stage}` });
    expect(line).toMatch(new RegExp(`^feature\\.yaml:3:${column}  stage "a"`));
  });

  it.each([
    ['a: { prompt: Do {{ inputs.x }} }', 'feature.yaml:3:19  unexpected flow-map-start at node end.'],
    ['a:\n    run: {{ inputs.x }}', 'feature.yaml:4:11  a key must be text.'],
  ])('is told to quote %j', async (stage, says) => {
    const [line] = await messageOf({ 'feature.yaml': `name: x\nstages:\n  ${stage}` });
    expect(line).toBe(`${says} Put text with {{ }} in quotes.`);
  });

  it('is pointed at where an alias brings it in', async () => {
    const text = 'name: x\nstages:\n  a: { prompt: &p "Do {{ inputs.x }}" }\n  b: { prompt: *p }';
    expect(await messageOf({ 'feature.yaml': text })).toEqual([
      'feature.yaml:3:33  stage "a": prompt: there is no input "x".',
      'feature.yaml:3:33  stage "b": prompt: there is no input "x".',
    ]);
  });
});

describe('a pipeline file', () => {
  it('may be JSON', async () => {
    write({ 'feature.json': '{\n  "name": "x",\n  "stages": { "a": { "run": "x" } }\n}' });
    expect((await load('feature.json')).definition.stages).toMatchObject([{ id: 'a', kind: 'run' }]);
    expect(
      await messageOf({ 'bad.json': '{\n  "name": "x",\n  "stages": { "a": { "rum": "x" } }\n}' }, 'bad.json'),
    ).toEqual(['bad.json:3:22  stage "a": there is no field "rum". Did you mean "run"?']);
    const [loose] = await messageOf({ 'loose.json': '{ "name": x }' }, 'loose.json');
    expect(loose).toBe('loose.json:1:11  text must stand in quotes.');
  });

  it('is data: a program is refused', async () => {
    expect(await messageOf({ 'feature.ts': 'export const x = 1' }, 'feature.ts')).toEqual([
      'feature.ts:1:1  feature.ts is no pipeline file. A pipeline is data: a .yaml, .yml or .json file.',
    ]);
  });

  it('must be there, be a file, and be no larger than 1 MB', async () => {
    expect(await messageOf({})).toEqual(['feature.yaml:1:1  feature.yaml does not exist. Look at the path.']);
    mkdirSync(join(folder, 'folder.yaml'));
    expect(await messageOf({}, 'folder.yaml')).toEqual([
      'folder.yaml:1:1  folder.yaml is not a file. Name the pipeline file itself.',
    ]);
    const large = `name: x\n# ${'x'.repeat(1024 * 1024)}\nstages: { a: { run: x } }`;
    expect(await messageOf({ 'large.yaml': large }, 'large.yaml')).toEqual([
      'large.yaml:1:1  large.yaml is larger than 1 MB. Keep long texts in files that stages read.',
    ]);
  });

  it('may share text through an alias, but not grow by them', async () => {
    write({ 'feature.yaml': 'name: x\nstages:\n  a: { run: &c npm test }\n  b: { run: *c }' });
    expect((await load()).definition.stages).toMatchObject([{ run: 'npm test' }, { run: 'npm test' }]);
    const bomb = ['name: x', 'a: &a [x, x, x, x, x, x, x, x, x]'];
    for (const [from, to] of ['ab', 'bc', 'cd', 'de', 'ef']) bomb.push(`${to}: &${to} [${`*${from}, `.repeat(9)}]`);
    expect(await messageOf({ 'bomb.yaml': bomb.join('\n') }, 'bomb.yaml')).toEqual([
      'bomb.yaml:1:1  bomb.yaml repeats too much through aliases. Write it out, or nest a pipeline.',
    ]);
  });

  it('has no merge keys: what a stage holds stands there', async () => {
    const text = 'name: x\nstages:\n  a: &a { run: x }\n  b: { <<: *a, needs: a }';
    expect(await messageOf({ 'feature.yaml': text })).toEqual(['feature.yaml:4:8  stage "b": there is no field "<<".']);
  });
});

describe('a pipeline in a file of its own', () => {
  const inner =
    'name: inner\nports: [db]\nsetup: npm ci\ninputs: { n: { type: integer } }\nstages:\n  a: { run: "echo {{ inputs.n }} {{ run.ports.db }}" }';

  it('is found from the file that nests it', async () => {
    write({
      'feature.yaml': 'name: x\nports: [web]\nstages:\n  a: { pipeline: ./parts/inner.yaml, with: { n: 1 } }',
      'parts/inner.yaml': inner,
    });
    const { definition, warnings } = await load();
    expect(definition.stages).toMatchObject([{ kind: 'pipeline', pipeline: 'inner' }]);
    expect(definition.pipelines['inner']?.stages).toMatchObject([{ id: 'a', kind: 'run' }]);
    expect(definition.ports).toEqual(['web', 'db']);
    expect(warnings).toEqual(['parts/inner.yaml:3:1  setup is not used where another pipeline nests this one.']);
  });

  it('is one, however often and from wherever it is named', async () => {
    write({
      'feature.yaml':
        'name: x\nstages:\n  a: { pipeline: ./parts/one.yaml }\n  b: { pipeline: parts/../parts/two.yaml }',
      'parts/one.yaml': 'name: one\nstages:\n  a: { pipeline: ./two.yaml }',
      'parts/two.yaml': 'name: two\nstages:\n  a: { run: x }',
    });
    expect(Object.keys((await load()).definition.pipelines).sort()).toEqual(['one', 'two']);
  });

  it('keeps its own names apart from those of others', async () => {
    const nested = (command: string) => `pipelines:\n  part: { stages: { a: { run: ${command} } } }\n`;
    write({
      'feature.yaml': `name: x\n${nested('top')}stages:\n  a: { pipeline: part }\n  b: { pipeline: ./part.yaml }`,
      'part.yaml': `name: y\n${nested('file')}stages:\n  a: { pipeline: part }`,
    });
    const { definition } = await load();
    const run = (name: string | undefined) => definition.pipelines[name ?? '']?.stages[0];
    const [a, b] = definition.stages;
    expect(run(a?.kind === 'pipeline' ? a.pipeline : '')).toMatchObject({ run: 'top' });
    const file = run(b?.kind === 'pipeline' ? b.pipeline : '');
    expect(run(file?.kind === 'pipeline' ? file.pipeline : '')).toMatchObject({ run: 'file' });
  });

  it('has its mistakes told in its own lines', async () => {
    const files = {
      'feature.yaml': 'name: x\nstages:\n  a: { pipeline: ./inner.yaml, with: { m: 1 } }',
      'inner.yaml': `${inner}\n  b: { run: x, needs: [aa] }\npipelines:\n  deep:\n    stages:\n      c: { rum: x }`,
    };
    expect(await messageOf(files)).toEqual([
      'feature.yaml:3:38  stage "a": pipeline "inner" needs the input "n". Give it with: { n: … }.',
      'feature.yaml:3:40  stage "a": pipeline "inner" has no input "m". There is n.',
      'inner.yaml:7:24  stage "b": needs "aa", which is no stage here. Did you mean "a"?',
      'inner.yaml:11:12  pipeline "deep", stage "c": there is no field "rum". Did you mean "run"?',
    ]);
  });

  it('cannot nest itself, also not through others', async () => {
    const files = {
      'feature.yaml': 'name: x\nstages:\n  a: { pipeline: ./one.yaml }',
      'one.yaml': 'name: one\nstages:\n  a: { pipeline: ./two.yaml }',
      'two.yaml': 'name: two\nstages:\n  a: { pipeline: ./one.yaml }',
    };
    expect(await messageOf(files)).toEqual(['one.yaml:1:1  nests itself: one -> two -> one. No run could end.']);
    const itself = { 'self.yaml': 'name: x\nstages:\n  a: { pipeline: ./self.yaml }' };
    expect(await messageOf(itself, 'self.yaml')).toEqual([
      'self.yaml:1:1  nests itself: self -> self. No run could end.',
    ]);
  });

  it('stays in the folder of the file, or in its repository', async () => {
    const files = {
      'a/feature.yaml': 'name: x\nstages:\n  a: { pipeline: ../inner.yaml }',
      'inner.yaml': 'name: y\nstages: { a: { run: x } }',
    };
    expect(await messageOf(files, 'a/feature.yaml')).toEqual([
      'a/feature.yaml:3:18  stage "a": pipeline "../inner.yaml" leads out of a. Keep it in the same repository.',
    ]);
    execFileSync('git', ['init', '-q', folder]);
    expect((await load('a/feature.yaml')).definition.stages).toMatchObject([{ pipeline: 'inner' }]);
  });

  it('does not get out through a link, or by its full path', async () => {
    const outside = mkdtempSync(join(tmpdir(), 'gantry-outside-'));
    writeFileSync(join(outside, 'secret.yaml'), 'name: y\nstages: { a: { run: x } }');
    symlinkSync(join(outside, 'secret.yaml'), join(folder, 'link.yaml'));
    const stages = `a: { pipeline: ./link.yaml }\n  b: { pipeline: ${outside}/secret.yaml }`;
    const lines = await messageOf({ 'feature.yaml': `name: x\nstages:\n  ${stages}` });
    rmSync(outside, { recursive: true });
    expect(lines[0]).toContain('stage "a": pipeline "./link.yaml" leads out of gantry-definition-');
    expect(lines[1]).toContain('stage "b": pipeline must be a path relative to this file, got');
  });
});

async function messageOf(files: Record<string, string>, file = 'feature.yaml'): Promise<string[]> {
  write(files);
  const outcome: unknown = await load(file).catch((error: unknown) => error);
  expect(outcome).toMatchObject({ name: 'DefinitionError' });
  return (outcome as Error).message.split('\n');
}

function load(file = 'feature.yaml') {
  return loadPipelineFile(file, { cwd: folder });
}

function write(files: Record<string, string>): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
}
