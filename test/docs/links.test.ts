import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

const ROOT = path.resolve(__dirname, '../..');
const pages = ['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md', ...pagesBelow('docs')];

test.each(pages)('the links of %s lead somewhere', (page) => {
  const folder = path.join(ROOT, path.dirname(page));
  const targets = linksOf(read(page)).filter((link) => !/^[a-z]+:/.test(link));
  const dead = targets.filter((link) => {
    const [file = '', anchor] = link.split('#');
    const target = file === '' ? path.join(ROOT, page) : path.join(folder, file);
    return !existsSync(target) || (anchor !== undefined && !anchorsOf(readFileSync(target, 'utf8')).includes(anchor));
  });
  expect(dead).toEqual([]);
});

test('every decision is listed', () => {
  const listed = linksOf(read('docs/README.md'));
  const decisions = readdirSync(path.join(ROOT, 'docs/adr')).map((file) => `adr/${file}`);
  expect(decisions.filter((file) => !listed.includes(file))).toEqual([]);
});

test('the README is short enough to be read', () => {
  expect(read('README.md').split('\n').length).toBeLessThanOrEqual(200);
});

test.each(pages)('the commands %s tells of exist', (page) => {
  const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
  const told = [...read(page).matchAll(/npm run ([a-z][a-z0-9:-]*[a-z0-9])/g)].map(([, name]) => name!);
  expect(told.filter((name) => scripts[name] === undefined)).toEqual([]);
});

function read(page: string): string {
  return readFileSync(path.join(ROOT, page), 'utf8');
}

function pagesBelow(folder: string): string[] {
  const files = readdirSync(path.join(ROOT, folder), { recursive: true, encoding: 'utf8' });
  return files.filter((file) => file.endsWith('.md')).map((file) => path.join(folder, file));
}

function linksOf(text: string): string[] {
  return [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, link]) => link!);
}

/** As GitHub makes them of headings. */
function anchorsOf(text: string): string[] {
  const headings = [...text.matchAll(/^#+ (.+)$/gm)].map(([, title]) => title!.toLowerCase());
  return headings.map((title) => title.replace(/[^\w\- ]/g, '').replaceAll(' ', '-'));
}
