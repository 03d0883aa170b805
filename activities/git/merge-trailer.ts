import type { Git } from './git';

/** `Gantry-Merge` names a merge, `Gantry-Unmerge` the commit that took it out again. */
export type MergeTrailer = 'Gantry-Merge' | 'Gantry-Unmerge';

/** A commit message that carries an id, by which {@link findByTrailer} finds the commit. */
export function withTrailer(message: string, trailer: MergeTrailer, id: string): string {
  return `${message.trimEnd()}\n\n${trailer}: ${oneLine(id)}\n`;
}

/** The newest commit that carries the id in the history of `tip`, leaving out what `since` already had. */
export async function findByTrailer(
  git: Git,
  repository: string,
  tip: string,
  trailer: MergeTrailer,
  id: string,
  since?: string,
): Promise<string | undefined> {
  const format = `--format=%H%x00%(trailers:key=${trailer},valueonly,separator=%x00)`;
  const grep = ['--fixed-strings', `--grep=${trailer}: ${oneLine(id)}`];
  const range = since === undefined ? [tip] : [tip, `^${since}`];
  const lines = await git(repository, ['log', format, ...grep, ...range, '--']);
  const found = lines.split('\n').find((line) => line.split('\0').slice(1).includes(oneLine(id)));
  return found?.split('\0')[0];
}

function oneLine(id: string): string {
  return id.replace(/[\0-\x20\x7f]+/g, ' ').trim();
}
