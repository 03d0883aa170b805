import { failure } from '../failure';
import type { Host } from '../host';

const EXCERPT_LIMIT = 12_000;

/** The failure of a merge that stopped in `path`, with the places in question as its evidence; undoes the merge. */
export async function conflictFailure(host: Host, path: string, what: string): Promise<Error | undefined> {
  const names = await host.git(path, ['diff', '--name-only', '--diff-filter=U', '-z']);
  const files = names.split('\0').filter((name) => name !== '');
  const diff = await host.git(path, ['diff', '--no-color', '--no-ext-diff', '--diff-filter=U']);
  if (files.length === 0) return undefined;
  const excerpt =
    diff.length <= EXCERPT_LIMIT ? diff : `${diff.slice(0, EXCERPT_LIMIT)}\n… ${diff.length} characters in all`;
  const evidence = await host.artifacts.storeText(host.redactor.redact(`${files.join('\n')}\n\n${excerpt}`));
  const named = files.slice(0, 5).join(', ') + (files.length > 5 ? ` and ${files.length - 5} more` : '');
  return failure('Git.Conflict', `${what}: both sides changed ${named}.`, { evidence, files });
}
