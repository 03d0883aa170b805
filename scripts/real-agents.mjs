// Runs the tests of test/agents against the real command lines of coding agents. They go into the cache and not into
// package.json: they are 800 MB under licences of their own, and nothing else needs them.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const CACHE = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'gantry', 'agents');
const AGENTS = [
  { name: 'claude', package: '@anthropic-ai/claude-code', version: '2.1.329' },
  { name: 'codex', package: '@openai/codex', version: '0.169.0' },
];
const say = (line) => console.error(`gantry: ${line}`);

const programs = AGENTS.map((agent) => [agent.name, provide(agent)]);
const missing = programs.filter(([, program]) => program === undefined).map(([name]) => name);
if (missing.length > 0) {
  say(`nothing was tested: ${missing.join(' and ')} cannot be had here; the lines above say why`);
  process.exitCode = 1;
} else {
  const jest = ['test', '--selectProjects', 'agents', '--runInBand', ...process.argv.slice(2)];
  const env = { ...process.env, GANTRY_REAL_AGENTS: JSON.stringify(Object.fromEntries(programs)) };
  const bootstrap = join(ROOT, 'scripts', 'bootstrap.mjs');
  process.exitCode = spawnSync(process.execPath, [bootstrap, ...jest], { stdio: 'inherit', env }).status ?? 1;
}

/** The path of an agent's program, installed if need be; undefined where it cannot be had, after saying so. */
function provide({ name, package: spec, version }) {
  const dir = join(CACHE, `${name}-${version}`);
  const program = join(dir, 'node_modules', '.bin', name);
  if (!existsSync(program)) install({ name, spec: `${spec}@${version}`, dir });
  if (!existsSync(program)) return undefined;
  const home = join(CACHE, 'home');
  mkdirSync(home, { recursive: true });
  const env = { PATH: process.env.PATH, HOME: home, DISABLE_AUTOUPDATER: '1' };
  const { status, stdout, stderr } = spawnSync(program, ['--version'], { env, encoding: 'utf8', timeout: 60_000 });
  if (status === 0) {
    say(`${name}: ${stdout.trim()}`);
    return program;
  }
  say(`${program} does not run: ${stderr?.trim() || 'it gave no reason'}. Remove ${dir} to install it anew.`);
  return undefined;
}

function install({ name, spec, dir }) {
  say(`getting ${spec} (once; 400 MB on disk)`);
  mkdirSync(dir, { recursive: true });
  const args = ['install', '--prefix', dir, '--no-save', '--no-audit', '--no-fund', '--loglevel=error', spec];
  const { status } = spawnSync('npm', args, { stdio: ['ignore', 'ignore', 'inherit'], timeout: 600_000 });
  if (status !== 0) say(`npm could not install ${name}; the lines above say why`);
}
