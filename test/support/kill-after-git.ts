import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const REAL_GIT = execFileSync('sh', ['-c', 'command -v git'], { encoding: 'utf8' }).trim();

export interface Doomed {
  /** A directory for the killer. */
  readonly root: string;
  /** The program, with its arguments. */
  readonly argv: readonly string[];
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** After which of its git commands it is killed, from 1 on. */
  readonly command: number;
}

/**
 * Run a program that gets SIGKILL right after one of its git commands: a `git` on the PATH runs the real one and then
 * kills who called it. Was there such a command? Otherwise the program must have ended well.
 */
export async function killAfterGit({ root, argv, environment, command }: Doomed): Promise<boolean> {
  const bin = join(root, 'bin');
  await rm(bin, { recursive: true, force: true });
  await mkdir(bin);
  const killer = [
    '#!/bin/sh',
    `count=$(($(cat ${bin}/count 2>/dev/null || echo 0) + 1)); echo $count >${bin}/count`,
    `"${REAL_GIT}" "$@"; code=$?`,
    `[ $count = ${command} ] && kill -9 $PPID`,
    'exit $code',
  ];
  await writeFile(join(bin, 'git'), killer.join('\n'), { mode: 0o755 });
  const env = { ...environment, PATH: `${bin}:${environment.PATH}` };
  const program = spawn(process.execPath, argv, { env, stdio: ['ignore', 'ignore', 'inherit'] });
  const [code, signal] = (await once(program, 'exit')) as [number | null, string | null];
  expect({ code, signal }).toEqual(signal === null ? { code: 0, signal } : { code: null, signal: 'SIGKILL' });
  return signal !== null;
}
