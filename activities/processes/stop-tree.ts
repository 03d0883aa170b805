import { setTimeout as sleep } from 'node:timers/promises';
import { exists } from '../files/whole-file';
import { forbidStart, inspect, PROCESS_VARIABLE, readClaim, readSupervisor } from './process-record';
import { hasVariable, isOlder, listProcesses, type ProcessRow } from './process-table';

const LOOK_MS = 50;
const KILL_PATIENCE_MS = 10_000;
const RECORD_PATIENCE_MS = 2_000;

/**
 * Stop the process of a directory with everything it started, also what left its session: SIGTERM deepest first,
 * SIGKILL for what is left after `graceMs`. Resolves once nothing of it lives; the exit code is recorded where the
 * supervisor still could. A process that was claimed but never started can not start any more.
 */
export async function stopTree(dir: string, { graceMs }: { readonly graceMs: number }): Promise<void> {
  if (!(await exists(dir))) return;
  await forbidStart(dir);
  await signalUntilGone(dir, 'SIGTERM', graceMs);
  const left = await signalUntilGone(dir, 'SIGKILL', KILL_PATIENCE_MS);
  if (left.length > 0) throw new Error(`processes ${left.map((row) => row.pid).join(', ')} of ${dir} survive SIGKILL`);
  await letSupervisorRecord(dir);
}

/** Signal each process once, those that appear meanwhile too, until none is left or the time is up: what is left. */
async function signalUntilGone(dir: string, signal: NodeJS.Signals, patienceMs: number): Promise<ProcessRow[]> {
  const signalled = new Set<string>();
  const deadline = Date.now() + patienceMs;
  for (;;) {
    const members = await treeBelowSupervisor(dir);
    if (members.length === 0) return [];
    for (const row of members) {
      const key = `${row.pid} ${row.birth}`;
      if (!signalled.has(key)) kill(row.pid, signal);
      signalled.add(key);
    }
    if (Date.now() >= deadline) return members;
    await sleep(LOOK_MS);
  }
}

// The supervisor goes last and of its own accord: it has the exit code to write.
async function letSupervisorRecord(dir: string): Promise<void> {
  const deadline = Date.now() + RECORD_PATIENCE_MS;
  for (;;) {
    const now = await inspect(dir);
    if (now.state !== 'running') return;
    if (Date.now() >= deadline) kill(now.pid, 'SIGKILL');
    if (Date.now() >= deadline + KILL_PATIENCE_MS)
      throw new Error(`the supervisor ${now.pid} of ${dir} survives SIGKILL`);
    await sleep(LOOK_MS);
  }
}

/** Everything the supervisor started that still lives, children before their parents. */
async function treeBelowSupervisor(dir: string): Promise<ProcessRow[]> {
  const rows = await listProcesses();
  const supervisor = await readSupervisor(dir);
  const id = await readClaim(dir);
  const isSupervisor = (row: ProcessRow) => row.pid === supervisor?.pid && row.birth === supervisor.birth;

  const members = new Map<number, ProcessRow>();
  const candidates = supervisor === undefined ? rows : rows.filter((row) => !isOlder(row, supervisor.birth));
  const tagged = id === undefined ? [] : await withVariable(candidates, `${PROCESS_VARIABLE}=${id}`);
  for (const row of [...rows.filter(isSupervisor), ...tagged]) members.set(row.pid, row);
  // A session is the supervisor's when a process that certainly is of its tree is in it; a bare number could be reused.
  const ownSession = [...members.values()].some((row) => row.session === supervisor?.pid);
  for (const row of rows) {
    if (ownSession && (row.session === supervisor?.pid || row.group === supervisor?.pid)) members.set(row.pid, row);
  }
  addDescendants(rows, members);
  members.delete(process.pid);
  return deepestFirst([...members.values()].filter((row) => !isSupervisor(row)));
}

async function withVariable(rows: readonly ProcessRow[], assignment: string): Promise<ProcessRow[]> {
  const found = await Promise.all(rows.map((row) => hasVariable(row.pid, assignment)));
  return rows.filter((_, index) => found[index]);
}

function addDescendants(rows: readonly ProcessRow[], members: Map<number, ProcessRow>): void {
  for (let before = -1; before !== members.size;) {
    before = members.size;
    for (const row of rows) if (members.has(row.parent)) members.set(row.pid, row);
  }
}

function deepestFirst(rows: readonly ProcessRow[]): ProcessRow[] {
  const parents = new Map(rows.map((row) => [row.pid, row.parent]));
  const depth = (pid: number): number => {
    let steps = 0;
    for (let at = parents.get(pid); at !== undefined && steps <= rows.length; at = parents.get(at)) steps += 1;
    return steps;
  };
  return [...rows].sort((a, b) => depth(b.pid) - depth(a.pid));
}

function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It ended by itself, which is what we want; the next look says whether it did.
  }
}
