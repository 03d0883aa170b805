import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, statfs } from 'node:fs/promises';
import { freemem, totalmem } from 'node:os';
import { promisify } from 'node:util';
import type { AgentConfig } from '../../contracts/schemas/agents';
import { UserError } from '../faults';
import { programOnPath } from '../program-on-path';
import { readAgents } from '../sessions/read-agents';
import { findTemporalCli } from '../server/find-temporal';
import { fail, ok, warn, type Finding } from './finding';

type Env = Readonly<Record<string, string | undefined>>;

const LEAST_NODE = [20, 19] as const;
const LEAST_DISK_BYTES = 1_000_000_000;

/** What this machine has of what gantry needs. */
export async function examineHost(options: { readonly env: Env; readonly home: string }): Promise<Finding[]> {
  const { env, home } = options;
  const findings = await Promise.all([
    temporalCli(env),
    program('git', ['--version'], env, (what) =>
      fail(what, 'not on the PATH', 'Install git: runs work in its worktrees.'),
    ),
    program('tmux', ['-V'], env, (what) =>
      warn(what, 'not on the PATH', 'Install tmux to watch and join agents at work; without it they run headless.'),
    ),
    disk(home),
  ]);
  return [node(process.versions.node), ...findings, memory(), ...agents(env)];
}

export function node(version: string): Finding {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const enough = major > LEAST_NODE[0] || (major === LEAST_NODE[0] && minor >= LEAST_NODE[1]);
  return enough ? ok('Node', version) : fail('Node', version, `Install ${LEAST_NODE.join('.')} or later.`);
}

async function temporalCli(env: Env): Promise<Finding> {
  try {
    const found = await findTemporalCli({ env, progress: () => undefined, install: false });
    return ok('Temporal CLI', `server ${found.serverVersion}, from ${found.source} (${found.path})`);
  } catch {
    return warn(
      'Temporal CLI',
      'none here',
      'Nothing to do: `gantry dev` gets one. With a server of your own none is needed.',
    );
  }
}

async function program(name: string, args: string[], env: Env, absent: (what: string) => Finding): Promise<Finding> {
  const file = programOnPath(name, env);
  if (file === undefined) return absent(name);
  try {
    const { stdout } = await promisify(execFile)(file, args, { timeout: 10_000 });
    return ok(name, stdout.trim().split('\n')[0] ?? '');
  } catch (error) {
    return fail(name, `${file} does not run: ${(error as Error).message.split('\n')[0]}`, `Reinstall ${name}.`);
  }
}

function agents(env: Env): Finding[] {
  const file = env['GANTRY_AGENTS'];
  try {
    return Object.entries(readAgents(file)).flatMap(([name, agent]) => agentFindings(name, agent, env));
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return [fail('Agents', error.message, `Mend ${file}: it is what GANTRY_AGENTS names.`)];
  }
}

function agentFindings(name: string, agent: AgentConfig, env: Env): Finding[] {
  const what = `Agent ${name}`;
  const [command] = agent.command ?? [process.execPath];
  const found = existsSync(command) ? command : programOnPath(command, env);
  if (found === undefined) {
    return [warn(what, `no program "${command}"`, `Install it, or leave the agent out of GANTRY_AGENTS.`)];
  }
  const { min, max } = agent.sessions;
  const size = min === max ? `${max}` : `${min}..${max}`;
  if (agent.backend === 'tmux' && programOnPath('tmux', env) === undefined) {
    return [warn(what, `${found}, but no tmux`, 'Install tmux, or say "backend": "headless" in its configuration.')];
  }
  const freeMb = Math.round(freemem() / 1024 ** 2);
  const least = agent['free-memory-mb'];
  const short = warn(
    `Memory for ${name}`,
    `${freeMb} MB free; none is started with less than ${least} MB`,
    'Free some, or lower its free-memory-mb.',
  );
  return [
    ok(what, `${found}, ${size} session${max === 1 ? '' : 's'} (${agent.backend})`),
    ...(freeMb < least ? [short] : []),
  ];
}

function memory(): Finding {
  const gb = (bytes: number) => (bytes / 1024 ** 3).toFixed(1);
  return ok('Memory', `${gb(freemem())} GB free of ${gb(totalmem())} GB`);
}

async function disk(home: string): Promise<Finding> {
  try {
    await mkdir(home, { recursive: true });
    const { bavail, bsize } = await statfs(home);
    const free = bavail * bsize;
    const found = `${(free / 1e9).toFixed(1)} GB free at ${home}`;
    if (free >= LEAST_DISK_BYTES) return ok('Disk', found);
    return warn('Disk', found, 'Make room: worktrees, logs and the SQLite file are kept there.');
  } catch (error) {
    return fail(
      'Disk',
      `${home} cannot be used: ${(error as Error).message}`,
      'Name another home with --home or GANTRY_HOME.',
    );
  }
}
