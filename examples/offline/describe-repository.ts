import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';

const TOTAL_LIMIT = 96 * 1024;
const FILE_LIMIT = 32 * 1024;

/** A repository for a model: the list of its files, and what is in those that the prompt is likely about. */
export async function describeRepository(root: string, prompt: string): Promise<string> {
  const run = promisify(execFile);
  const isRepository = await run('git', ['rev-parse', '--git-dir'], { cwd: root }).then(
    () => true,
    () => false,
  );
  if (!isRepository) return 'There is no repository here.';
  const { stdout } = await run('git', ['ls-files', '-z'], { cwd: root, maxBuffer: 64 << 20 });
  const paths = stdout.split('\0').filter((path) => path !== '');
  const blocks: string[] = [];
  let total = 0;
  for (const path of byRelevance(paths, prompt)) {
    const content = await readFile(join(root, path)).catch(() => undefined); // deleted, or a link to nowhere
    if (!content || content.length > FILE_LIMIT || content.includes(0) || total + content.length > TOTAL_LIMIT)
      continue;
    total += content.length;
    blocks.push(`<file path="${path}">\n${content.toString('utf8')}\n</file>`);
  }
  return [`The files of the repository:\n${paths.join('\n')}`, ...blocks].join('\n\n');
}

/** Files whose name the prompt mentions first; nobody reads lock files. */
function byRelevance(paths: readonly string[], prompt: string): string[] {
  const isMentioned = (path: string) => (prompt.includes(path) || prompt.includes(basename(path)) ? 0 : 1);
  return paths.filter((path) => !/lock/.test(basename(path))).sort((a, b) => isMentioned(a) - isMentioned(b));
}
