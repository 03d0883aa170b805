import { randomUUID } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeOnce } from '../files/whole-file';

/** What tells one home from another, on whatever machine; made once. */
export async function homeId(home: string): Promise<string> {
  await mkdir(home, { recursive: true, mode: 0o700 });
  const path = join(home, 'home-id');
  await writeOnce(path, randomUUID());
  return readFile(path, 'utf8');
}
