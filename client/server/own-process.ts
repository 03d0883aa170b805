import { execFileSync } from 'node:child_process';

/** Process ids are given again: only a process that looks like one of ours is ended. */
export function isOwnProcess(pid: number): boolean {
  try {
    const program = execFileSync('ps', ['-o', 'args=', '-p', String(pid)], { encoding: 'utf8' });
    return /temporal\S* server start-dev|workers\/(gateway\/)?main\.js|offline\/serve\.js/.test(program);
  } catch {
    return false; // gone meanwhile
  }
}
