// What `npm test`, `npm run demo` and the other commands go through: on a fresh clone it installs and builds first.
// Plain Node without dependencies, because there are none yet.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const LEAST_NODE = [20, 19];

/** What each command starts once dist/ is there. */
const PROGRAMS = {
  demo: 'dist/examples/demo/main.js',
  'example:busy-pool': 'dist/examples/busy-pool/main.js',
  gantry: 'dist/client/cli/main.js',
  bench: 'dist/bench/main.js',
  docs: 'dist/scripts/write-tables.js',
  schema: 'dist/scripts/write-schema.js',
  test: 'node_modules/jest/bin/jest.js',
};

const [command, ...args] = process.argv.slice(2);
const say = (line) => console.error(`gantry: ${line}`);

main().then(
  (code) => (process.exitCode = code),
  (error) => {
    say(error.message);
    process.exitCode = 1;
  },
);

async function main() {
  requireNode();
  const program = PROGRAMS[command];
  if (program === undefined)
    throw new Error(`No command "${command}". There are: ${Object.keys(PROGRAMS).join(', ')}.`);
  install();
  const { build } = await import('./build.mjs');
  await build({ say });
  if (command !== 'test') return run([join(ROOT, program), ...args]);

  const parts = args.includes('--selectProjects') ? args : ['server'];
  if (parts.includes('server')) await provideTemporal();
  // Temporal's native part keeps a handle open in every test file that loads it, so Jest must end by force.
  return run([join(ROOT, program), '--rootDir', ROOT, '--forceExit', ...args]);
}

function requireNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > LEAST_NODE[0] || (major === LEAST_NODE[0] && minor >= LEAST_NODE[1])) return;
  throw new Error(
    `Node ${LEAST_NODE.join('.')} or newer is needed and this is ${process.version} (${process.execPath}). ` +
      'Install a newer one, for instance from https://nodejs.org, and try again.',
  );
}

function install() {
  if (isInstalled()) return;
  say('installing packages (once; about a minute)');
  // npm runs this script, so its own program is at hand and need not be on the PATH.
  const npm = process.env.npm_execpath;
  const call = npm?.endsWith('.js') ? [process.execPath, [npm]] : ['npm', []];
  const { status } = spawnSync(call[0], [...call[1], 'ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: ROOT,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  if (status !== 0) throw new Error('npm ci failed; the lines above say why. Nothing was started.');
}

/**
 * Does node_modules hold what package-lock.json names? Compared by content, since npm writes the same list into
 * node_modules/.package-lock.json: times say nothing after a checkout. Packages for other platforms may be missing.
 */
function isInstalled() {
  const installedFile = join(ROOT, 'node_modules', '.package-lock.json');
  if (!existsSync(installedFile)) return false;
  const wanted = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')).packages;
  const installed = JSON.parse(readFileSync(installedFile, 'utf8')).packages;
  return Object.entries(wanted).every(
    ([path, { version, optional }]) =>
      path === '' || (installed[path] === undefined ? optional === true : installed[path].version === version),
  );
}

/** Get the server the tests run against before they start: a first download or build outlasts a test's deadline. */
async function provideTemporal() {
  const { findTemporalCli } = await import(pathToFileURL(join(ROOT, 'dist/client/server/find-temporal.js')).href);
  const { path, source, serverVersion } = await findTemporalCli({ env: process.env, progress: say, install: true });
  say(`testing against Temporal server ${serverVersion} (${source})`);
  process.env.GANTRY_TEMPORAL_CLI = path;
}

/** Run a program in our place: same terminal, same signals, same exit code. */
function run(argv) {
  const child = spawn(process.execPath, argv, { stdio: 'inherit' });
  // Ctrl-C reaches the child by itself, as part of our process group; a polite kill reaches only us.
  process.on('SIGINT', () => {});
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (code, signal) => resolve(code ?? 128 + constants.signals[signal]));
  });
}
