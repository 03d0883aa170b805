import { readFileSync } from 'node:fs';

/** Is there a process with this pid whose environment has this variable? A bare number could be a stranger's by now. */
export function isOurs(pid: number, variable: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'latin1').split('\0').includes(variable);
  } catch {
    return false; // it has ended
  }
}

export function killQuietly(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended.
  }
}

/** CPU time of a process in ms, and of the children it has waited for: Linux counts 100 ticks a second. */
export function cpuMsWithChildren(pid: number): { readonly own: number; readonly children: number } {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // After the command's name, which may hold anything.
  const fields = text
    .slice(text.lastIndexOf(')') + 2)
    .split(' ')
    .map(Number);
  const [user = 0, system = 0, childUser = 0, childSystem = 0] = fields.slice(11, 15);
  return { own: (user + system) * 10, children: (childUser + childSystem) * 10 };
}
