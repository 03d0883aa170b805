// Draws docs/architecture.md's diagrams from the imports the code really has: `npm run graph`.
// With --check it only says whether they still hold, and ends with 1 when they do not.
import { cruise } from 'dependency-cruiser';
import extractTSConfig from 'dependency-cruiser/config-utl/extract-ts-config';
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const DOCUMENT = join(ROOT, 'docs', 'architecture.md');
const ROOMS = ['contracts', 'workflows', 'activities', 'workers', 'client'];
const OUTSIDE = [
  { name: 'Node', of: ({ coreModule }) => coreModule },
  { name: 'Temporal', of: ({ resolved }) => resolved.startsWith('node_modules/@temporalio/') },
  { name: 'model SDKs', of: ({ resolved }) => /^node_modules\/(openai|ollama|@anthropic-ai)\//.test(resolved) },
];

process.chdir(ROOT);
const edges = await readImports();
const before = readFileSync(DOCUMENT, 'utf8');
let after = replaceBlock(before, 'rooms', drawRooms(edges));
for (const room of ROOMS) after = replaceBlock(after, room, drawRoom(edges, room));

if (!process.argv.includes('--check')) {
  writeFileSync(DOCUMENT, after);
} else if (after !== before) {
  console.error('docs/architecture.md shows imports the code no longer has: run `npm run graph`.');
  process.exitCode = 1;
}

/** Every import between two places as { from, to, typeOnly }, where a place is `room/folder`, or one outside. */
async function readImports() {
  const { options } = createRequire(import.meta.url)('../.dependency-cruiser.cjs');
  const { output } = await cruise(ROOMS, options, undefined, { tsConfig: extractTSConfig('tsconfig.json') });
  return output.modules
    .filter(({ source }) => ROOMS.some((room) => source.startsWith(`${room}/`)))
    .flatMap(({ source, dependencies }) =>
      dependencies.flatMap((dependency) => {
        const to = OUTSIDE.find(({ of }) => of(dependency))?.name ?? placeOf(dependency.resolved);
        const typeOnly = dependency.dependencyTypes.includes('type-only');
        return to === undefined ? [] : [{ from: placeOf(source), to, typeOnly }];
      }),
    );
}

/** `client/cli` for a file in or below that folder, `client` for one at the top of the room. */
function placeOf(file) {
  const [room, folder, ...rest] = file.split('/');
  if (!ROOMS.includes(room)) return undefined;
  return rest.length === 0 ? room : `${room}/${folder}`;
}

function drawRooms(imports) {
  const roomOf = (place) => place.split('/')[0];
  return draw(imports.map(({ from, to, typeOnly }) => ({ from: roomOf(from), to: roomOf(to), typeOnly })));
}

function drawRoom(imports, room) {
  const within = (place) => place === room || place.startsWith(`${room}/`);
  const nameOf = (place) => (place === room ? `${room}/*` : place.slice(room.length + 1));
  const own = imports.filter(({ from, to }) => within(from) && within(to));
  return draw(own.map(({ from, to, typeOnly }) => ({ from: nameOf(from), to: nameOf(to), typeOnly })));
}

/** Arrows in full for values, dotted where nothing but types crosses. Sorted, so that equal imports draw equally. */
function draw(imports) {
  const arrows = new Map();
  for (const { from, to, typeOnly } of imports) {
    if (from === to) continue;
    const key = `${quote(from)} --> ${quote(to)}`;
    arrows.set(key, (arrows.get(key) ?? true) && typeOnly);
  }
  const lines = [...arrows].map(([key, typeOnly]) => `  ${typeOnly ? key.replace('-->', '-.->') : key}`).sort();
  return ['```mermaid', 'flowchart LR', ...lines, '```'].join('\n');
}

function quote(name) {
  return `${name.replace(/\W+/g, '_')}["${name}"]`;
}

function replaceBlock(text, name, content) {
  const block = new RegExp(`(<!-- imports of ${name}: [^>]*-->\n)[^]*?(\n<!-- end -->)`);
  return text.replace(block, (_, start, end) => `${start}\n${content}\n${end}`);
}
