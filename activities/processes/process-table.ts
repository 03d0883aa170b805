import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

/** One process of this machine, as far as stopping it needs to know. */
export interface ProcessRow {
  readonly pid: number;
  readonly parent: number;
  readonly group: number;
  readonly session: number;
  readonly state: string;
  /** Differs from that of every other process that ever had this pid on this machine. */
  readonly birth: string;
}

/** All living processes. A zombie is not living: its parent merely has not asked for its exit code yet. */
export async function listProcesses(): Promise<ProcessRow[]> {
  const boot = bootId();
  if (boot === undefined) return listWithPs();
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const rows = pids.map((pid) => readProc(Number(pid), boot));
  return rows.filter((row) => row !== undefined).filter(isLiving);
}

/** One process, or undefined when no living process has this pid. */
export async function findProcess(pid: number): Promise<ProcessRow | undefined> {
  const boot = bootId();
  const row = boot === undefined ? (await listWithPs(pid))[0] : readProc(pid, boot);
  return row !== undefined && isLiving(row) ? row : undefined;
}

/**
 * Was the process started with this environment variable, or by one that was? Children inherit it even when they
 * leave their session. False for processes of other users, and where there is no /proc.
 */
export async function hasVariable(pid: number, assignment: string): Promise<boolean> {
  return (await readEnvironment(pid)).includes(assignment);
}

async function readEnvironment(pid: number): Promise<string[]> {
  try {
    return (await readFile(`/proc/${pid}/environ`, 'latin1')).split('\0');
  } catch {
    return []; // gone, not ours, or not Linux
  }
}

/** The values a variable has in the environments of all living processes; undefined where there is no /proc. */
export async function valuesOfVariable(name: string): Promise<ReadonlySet<string> | undefined> {
  if (bootId() === undefined) return undefined;
  const found = await Promise.all((await listProcesses()).map(({ pid }) => readEnvironment(pid)));
  const assignments = found.flat().filter((assignment) => assignment.startsWith(`${name}=`));
  return new Set(assignments.map((assignment) => assignment.slice(name.length + 1)));
}

function isLiving(row: ProcessRow): boolean {
  return !/^[ZXx]/.test(row.state);
}

// At once: the kernel answers from memory in a few microseconds, and a trip through the thread pool takes ten times that.
function readProc(pid: number, boot: string): ProcessRow | undefined {
  try {
    return parseStat(readFileSync(`/proc/${pid}/stat`, 'latin1'), boot);
  } catch {
    return undefined; // ended between the listing and the reading
  }
}

/** A line of /proc/PID/stat. The name, in parentheses, may itself hold spaces and parentheses. */
function parseStat(line: string, boot: string): ProcessRow {
  const fields = line.slice(line.lastIndexOf(')') + 2).split(' ');
  return {
    pid: Number.parseInt(line, 10),
    state: fields[0] ?? '',
    parent: Number(fields[1]),
    group: Number(fields[2]),
    session: Number(fields[3]),
    birth: `${boot} ${fields[19]}`,
  };
}

/**
 * Was the process certainly started before the one that was born then? It is then none of that one's. False where that
 * cannot be told.
 */
export function isOlder({ birth }: ProcessRow, than: string): boolean {
  const [boot, ticks] = birth.split(' ');
  const [otherBoot, otherTicks] = than.split(' ');
  return boot === otherBoot && Number(ticks) < Number(otherTicks);
}

let known: { readonly boot: string | undefined } | undefined;

// Start times count from the boot, so that only both together name a process for ever. Nothing outlives a boot.
function bootId(): string | undefined {
  known ??= { boot: readBootId() };
  return known.boot;
}

function readBootId(): string | undefined {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return undefined; // no Linux
  }
}

async function listWithPs(pid?: number): Promise<ProcessRow[]> {
  const which = pid === undefined ? ['-A'] : ['-p', String(pid)];
  const columns = ['pid', 'ppid', 'pgid', 'stat', 'lstart'].flatMap((name) => ['-o', `${name}=`]);
  // `ps -p` of a missing process prints nothing and exits with 1.
  const { stdout } = await promisify(execFile)('ps', [...which, ...columns], {
    env: { PATH: '/usr/bin:/bin', LC_ALL: 'C' },
  }).catch((error: { stdout?: string }) => ({ stdout: error.stdout ?? '' }));
  return stdout.split('\n').flatMap((line) => {
    const match = /^\s*(\d+)\s+(\d+)\s+(\d+)\s+(\S+)\s+(.+?)\s*$/.exec(line);
    if (!match) return [];
    const group = Number(match[3]);
    // `ps` has no portable column for the session; our supervisors lead a group and a session of the same number.
    return [
      {
        pid: Number(match[1]),
        parent: Number(match[2]),
        group,
        session: group,
        state: match[4]!,
        birth: match[5]!.replace(/\s+/g, ' '),
      },
    ];
  });
}

/** The processes that one started itself; none where there is no /proc. */
export async function childrenOf(pid: number): Promise<number[]> {
  const text = await readFile(`/proc/${pid}/task/${pid}/children`, 'latin1').catch(() => '');
  return text.split(' ').filter(Boolean).map(Number);
}
