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

/** Merges of ours between `since` and `tip` that were taken out by a revert which still stands. */
export async function listReverted(
  git: Git,
  repository: string,
  since: string,
  tip: string,
): Promise<{ revert: string; merge: string }[]> {
  const grep = ['--grep=^Gantry-Unmerge: ', '--grep=^This reverts commit [0-9a-f]*'];
  const text = await git(repository, ['log', '--format=%H%x00%B%x00%x00', ...grep, `${since}..${tip}`, '--']);
  const reverts = text.split('\0\0').flatMap((entry) => {
    const [commit = '', body = ''] = entry.trim().split('\0');
    const reverted = /^This reverts commit ([0-9a-f]{40,64})/m.exec(body)?.[1];
    return reverted === undefined ? [] : [{ commit, reverted, isOurs: /^Gantry-Unmerge: /m.test(body) }];
  });
  const standing = reverts.filter(({ commit }) => reverts.every(({ reverted }) => reverted !== commit));
  return standing.filter(({ isOurs }) => isOurs).map(({ commit, reverted }) => ({ revert: commit, merge: reverted }));
}

function oneLine(id: string): string {
  return id.replace(/[\0-\x20\x7f]+/g, ' ').trim();
}
