import { execFile } from 'node:child_process';
import { mkdir, readFile, realpath, writeFile } from 'node:fs/promises';
import { dirname, isAbsolute, join, relative, sep } from 'node:path';
import { promisify } from 'node:util';
import type { Edit } from './ask-for-edit';

const run = promisify(execFile);

/** Make edits in a repository, all of them or, when one does not fit, none. Gives the paths that changed. */
export async function applyEdits(root: string, edits: readonly Edit[]): Promise<string[]> {
  const contents = new Map<string, string>();
  for (const edit of edits) {
    const path = await confine(root, edit.path);
    contents.set(
      path,
      'content' in edit ? edit.content : replaceOnce(edit, contents.get(path) ?? (await read(path, edit))),
    );
  }
  for (const [path, content] of contents) {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, content);
  }
  return [...contents.keys()].map((path) => relative(root, path));
}

/** Commit these files and nothing else; gives the commit's short id. */
export async function commitFiles(root: string, paths: readonly string[], message: string): Promise<string> {
  const git = async (...args: readonly string[]) => (await run('git', [...args], { cwd: root })).stdout.trim();
  await git('add', '--', ...paths);
  const hasIdentity = await git('config', 'user.email').then(
    () => true,
    () => false, // git refuses to commit for nobody
  );
  const identity = hasIdentity ? [] : ['-c', 'user.name=offline agent', '-c', 'user.email=offline-agent@localhost'];
  await git(...identity, 'commit', '--quiet', '--allow-empty', '-m', message || 'Change as asked', '--', ...paths);
  return git('rev-parse', '--short', 'HEAD');
}

async function confine(root: string, path: string): Promise<string> {
  const target = join(root, path);
  const real = join(await realpath(await nearestDirectory(dirname(target))), '');
  const way = relative(await realpath(root), real);
  const isOutside = isAbsolute(path) || leadsOut(relative(root, target)) || leadsOut(way);
  if (isOutside || relative(root, target).split(sep)[0] === '.git')
    throw new Error(`the edit of "${path}" leads out of the repository`);
  return target;
}

function leadsOut(way: string): boolean {
  return way === '..' || way.startsWith(`..${sep}`) || isAbsolute(way);
}

async function nearestDirectory(path: string): Promise<string> {
  const there = await realpath(path).catch(() => undefined);
  return there ?? nearestDirectory(dirname(path));
}

async function read(path: string, edit: Edit): Promise<string> {
  return readFile(path, 'utf8').catch(() => {
    throw new Error(`the edit of "${edit.path}" needs a file that is not there`);
  });
}

function replaceOnce(edit: Extract<Edit, { find: string }>, content: string): string {
  const parts = content.split(edit.find);
  if (parts.length !== 2)
    throw new Error(`the text to replace in "${edit.path}" occurs ${parts.length - 1} times, not once`);
  return parts.join(edit.replace);
}
