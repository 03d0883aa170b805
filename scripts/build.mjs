// Compiles the project to dist/, copies what is not TypeScript, and bundles the workflows, so that a worker starts
// from a ready bundle. Does nothing when dist/ is up to date. Plain Node: it also runs right after a clone.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, extname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const ROOMS = ['contracts', 'workflows', 'activities', 'workers', 'client', 'examples', 'bench', 'scripts'];
const CONFIGURATION = ['package.json', 'package-lock.json', 'tsconfig.json', 'tsconfig.build.json'];
const BUNDLE = 'workflow-bundle.js';

/**
 * Bring dist/ up to date with the sources. Resolves true when there was something to do.
 * `say` gets one line for each step. Throws when the compiler or the bundler does.
 */
export async function build({ root = ROOT, force = false, say = () => {} } = {}) {
  const dist = join(root, 'dist');
  const stampFile = join(dist, '.stamp.json');
  const sources = listSources(root);
  const stamp = stampOf(root, sources);
  const last = readStamp(stampFile);
  if (!force && last?.stamp === stamp && existsSync(join(dist, BUNDLE))) return false;

  // What a removed source left behind would still be found by a require: start over.
  if (force || last?.sources.some((file) => !sources.includes(file))) rmSync(dist, { recursive: true, force: true });
  rmSync(stampFile, { force: true });
  say('compiling');
  compile(root);
  copyAssets(root, sources);
  say('bundling workflows');
  await bundleWorkflows(root, dist);
  writeFileSync(stampFile, JSON.stringify({ stamp, sources }));
  return true;
}

function listSources(root) {
  const files = CONFIGURATION.filter((file) => existsSync(join(root, file)));
  for (const room of ROOMS) {
    if (!existsSync(join(root, room))) continue;
    for (const entry of readdirSync(join(root, room), { recursive: true, withFileTypes: true })) {
      if (!entry.isFile() || entry.parentPath.includes('node_modules')) continue;
      files.push(relative(root, join(entry.parentPath, entry.name)));
    }
  }
  return files.sort();
}

/** Size and time of each file: a thousand of them cost a few milliseconds, their contents would cost more. */
function stampOf(root, sources) {
  const hash = createHash('sha256').update(process.version);
  for (const file of sources) {
    const { size, mtimeMs } = statSync(join(root, file));
    hash.update(`${file}\0${size}\0${mtimeMs}\n`);
  }
  return hash.digest('hex');
}

function readStamp(stampFile) {
  try {
    return JSON.parse(readFileSync(stampFile, 'utf8'));
  } catch {
    return undefined; // Never built, or the last build was cut short.
  }
}

function compile(root) {
  const tsc = createRequire(join(root, 'package.json')).resolve('typescript/bin/tsc');
  const { status } = spawnSync(process.execPath, [tsc, '-p', 'tsconfig.build.json'], { cwd: root, stdio: 'inherit' });
  if (status !== 0) throw new Error('The sources do not compile; the lines above say where.');
}

/** Everything in a room that the compiler does not write: sample projects, pipeline files, pages. */
function copyAssets(root, sources) {
  for (const file of sources) {
    const isSource = extname(file) === '.ts' || file.startsWith(`scripts${sep}`) || CONFIGURATION.includes(file);
    if (isSource) continue;
    const target = join(root, 'dist', file);
    mkdirSync(dirname(target), { recursive: true });
    // Through a buffer, so that the copy gets a new time and keeps its mode.
    writeFileSync(target, readFileSync(join(root, file)), { mode: statSync(join(root, file)).mode });
  }
}

async function bundleWorkflows(root, dist) {
  const { bundleWorkflowCode, DefaultLogger } = createRequire(join(root, 'package.json'))('@temporalio/worker');
  const { code } = await bundleWorkflowCode({
    workflowsPath: join(dist, 'workflows', 'index.js'),
    // Set up once for each worker and not for each run: it is pure, keeps no state, and takes 3 ms.
    preloadModules: [join(dist, 'contracts', 'expressions', 'index.js')],
    logger: new DefaultLogger('WARN'),
  });
  // Renamed into place: a worker that starts meanwhile reads the old bundle or the new one, never a part.
  const unfinished = join(dist, `${BUNDLE}.${process.pid}`);
  writeFileSync(unfinished, code);
  renameSync(unfinished, join(dist, BUNDLE));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const force = process.argv.includes('--force');
  const say = (line) => console.error(`gantry: ${line}`);
  try {
    if (!(await build({ force, say }))) say('dist/ is up to date');
  } catch (error) {
    say(error.message);
    process.exitCode = 1;
  }
}
