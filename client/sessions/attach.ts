import { execFile, spawn } from 'node:child_process';
import { promisify } from 'node:util';
import type { SessionView } from '../../contracts/sessions';

/**
 * Is the session's terminal on this machine? Other machines name theirs alike: it is the one only if the process the
 * host tells of runs in it.
 */
export async function isHere({ attach, pid }: SessionView): Promise<boolean> {
  const [program, ...args] = wordsOf(attach ?? '');
  const target = args.at(-1);
  if (program !== 'tmux' || target === undefined || pid === undefined) return false;
  const server = args.slice(0, args.indexOf('attach'));
  try {
    const panes = await promisify(execFile)(program, [...server, 'list-panes', '-t', target, '-F', '#{pane_pid}']);
    const inPanes = panes.stdout.trim().split('\n').map(Number);
    return inPanes.includes(pid) || (await ancestorsOf(pid)).some((one) => inPanes.includes(one));
  } catch {
    return false; // no tmux, or no such terminal
  }
}

async function ancestorsOf(pid: number): Promise<number[]> {
  const { stdout } = await promisify(execFile)('ps', ['-eo', 'pid=,ppid=']);
  const parents = new Map(
    stdout
      .trim()
      .split('\n')
      .map((line) => line.trim().split(/\s+/).map(Number) as [number, number]),
  );
  const found: number[] = [];
  for (let at = parents.get(pid); at !== undefined && at > 1; at = parents.get(at)) found.push(at);
  return found;
}

/** Give the terminal to tmux until the person leaves it. The exit code of tmux. */
export async function attachTo(command: string, env: Readonly<Record<string, string | undefined>>): Promise<number> {
  const [program = 'tmux', ...args] = wordsOf(command);
  // Inside another tmux it would refuse to nest.
  const { TMUX: _outer, ...rest } = env;
  const child = spawn(program, args, { stdio: 'inherit', env: rest });
  return new Promise((resolve, reject) => {
    child.once('error', reject).once('exit', (code) => resolve(code ?? 1));
  });
}

/** Names of sessions and sockets hold no blank and no quote. */
function wordsOf(command: string): string[] {
  return command.split(' ').filter((word) => word !== '');
}
