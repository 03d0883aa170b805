import { hostname } from 'node:os';
import { failure } from '../failure';
import type { Host } from '../host';
import { withoutPasswords, type GitOutcome } from './git';
import { resolveCommit } from './names';
import { isMirror } from './repository';

// Refs where a repository comes from: for a clone of ours that is the address it was cloned from, any other repository
// is its own origin. Only refs below `refs/gantry/` are written there, never a branch.

/** For each command. An activity that uses some of them has to end before its own limit. */
const NETWORK_LIMIT_MS = 150_000;

export interface RefAtOrigin {
  readonly ref: string;
  readonly commit: string;
}

/**
 * The commit of a ref of the origin, fetched; undefined when it has none such. Under the repository's lock.
 * Fails: Git.Failed.
 */
export async function fetchRef(host: Host, repository: string, ref: string): Promise<string | undefined> {
  if (!isMirror(host, repository)) return resolveCommit(host.git, repository, ref);
  const outcome = await ask(host, repository, ['fetch', '--quiet', '--no-tags', 'origin', ref]);
  if (outcome.code === 0) return resolveCommit(host.git, repository, 'FETCH_HEAD');
  if (/couldn't find remote ref/.test(outcome.stderr)) return undefined;
  throw await unreachable(host, repository, `fetch ${ref} from`, outcome);
}

/**
 * Put a commit under a ref of the origin. What is there is replaced only by what comes after it, or where we know it:
 * then it is what we put there before its history was rewritten. Fails: Git.Failed.
 */
export async function pushRef(host: Host, repository: string, ref: string, commit: string): Promise<void> {
  if (!isMirror(host, repository)) {
    await host.git(repository, ['update-ref', '-m', 'gantry: published', ref, commit]);
    return;
  }
  const push = (...args: string[]) => ask(host, repository, ['push', '--quiet', ...args, 'origin', `${commit}:${ref}`]);
  const outcome = await push();
  if (outcome.code === 0) return;
  if (!/\[rejected\]/.test(outcome.stderr)) throw await unreachable(host, repository, `push ${ref} to`, outcome);
  const [there] = await listRefs(host, repository, [ref]);
  if (there === undefined || (await resolveCommit(host.git, repository, there.commit)) === undefined) {
    throw failure('Git.Failed', `${ref} holds commits at its origin that are not from this host. Remove it there.`);
  }
  const again = await push(`--force-with-lease=${ref}:${there.commit}`);
  if (again.code !== 0) throw await unreachable(host, repository, `push ${ref} to`, again);
}

/** The refs there are of these; a name that ends in a slash stands for all below it. Fails: Git.Failed. */
export async function listRefs(host: Host, repository: string, names: readonly string[]): Promise<RefAtOrigin[]> {
  const isNamed = (ref: string): boolean =>
    names.some((name) => (name.endsWith('/') ? ref.startsWith(name) : ref === name));
  const patterns = names.map((name) => (name.endsWith('/') ? `${name}*` : name));
  const outcome = isMirror(host, repository)
    ? await ask(host, repository, ['ls-remote', '--quiet', 'origin', ...patterns])
    : await host.git.attempt(repository, ['for-each-ref', '--format=%(objectname)%09%(refname)', ...names]);
  if (outcome.code !== 0) throw await unreachable(host, repository, 'list the refs of', outcome);
  return outcome.stdout.split('\n').flatMap((line) => {
    const [commit = '', ref = ''] = line.split('\t');
    return isNamed(ref) ? [{ ref, commit }] : [];
  });
}

/** Delete refs, each unless it has moved since it was listed. Fails: Git.Failed. */
export async function deleteRefs(host: Host, repository: string, refs: readonly RefAtOrigin[]): Promise<void> {
  if (refs.length === 0) return;
  if (!isMirror(host, repository)) {
    const input = refs.map(({ ref, commit }) => `delete ${ref} ${commit}\n`).join('');
    await host.git(repository, ['update-ref', '--stdin'], { input });
    return;
  }
  const leases = refs.map(({ ref, commit }) => `--force-with-lease=${ref}:${commit}`);
  const outcome = await ask(host, repository, [
    'push',
    '--quiet',
    ...leases,
    'origin',
    ...refs.map(({ ref }) => `:${ref}`),
  ]);
  if (outcome.code !== 0) throw await unreachable(host, repository, 'remove refs of', outcome);
}

function ask(host: Host, repository: string, args: readonly string[]): Promise<GitOutcome> {
  return host.git.attempt(repository, args, { timeoutMs: NETWORK_LIMIT_MS });
}

/** Which host could not do what at which address, why, and what helps. */
async function unreachable(
  host: Host,
  repository: string,
  what: string,
  { stdout, stderr }: GitOutcome,
): Promise<Error> {
  const { stdout: address } = await host.git.attempt(repository, ['config', '--get', 'remote.origin.url']);
  const where = address.trim() || repository;
  return failure('Git.Failed', cannotReach(host, `${what} ${where}`, stderr.trim() || stdout.trim(), where));
}

/** A sentence for what a host could not do with an address. */
export function cannotReach(host: Host, what: string, why: string, address: string): string {
  const advice = address.startsWith('file:')
    ? 'Mount that path on this host too, or start the run with an address that every host can reach.'
    : 'Check that this host can reach the address and that git may log in there without being asked.';
  return host.redactor.redact(withoutPasswords(`The host ${hostname()} could not ${what}: ${why}. ${advice}`));
}
