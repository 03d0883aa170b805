import { nearestWord } from '../../contracts/nearest-word';
import type { SessionView } from '../../contracts/sessions';
import { NotFoundError, RefusedError, UserError } from '../faults';
import type { Host } from '../temporal';

/** What is asked of one host. */
export interface Chosen {
  readonly host: Host;
  /** Names of its sessions or pools; empty: all of it. */
  readonly targets: readonly string[];
}

/**
 * Pure: the hosts that words mean, and their sessions or pools: `codex-2`, `codex`, `host-a/codex-2`. Without words it
 * is the host that `on` names. Fails: NotFoundError, RefusedError for a lost host, UserError where it is not clear.
 */
export function chooseTargets(hosts: readonly Host[], words: readonly string[], on?: string): Chosen[] {
  if (words.length === 0 && on === undefined) {
    throw new UserError('Which sessions?', 'Name sessions, pools, HOST/SESSION, or a whole host with --host.');
  }
  if (words.length === 0) return [{ host: requireUp(requireHost(hosts, on!)), targets: [] }];
  const chosen = new Map<Host, string[]>();
  for (const word of words) {
    const { among, target } = placesOf(hosts, word, on);
    for (const host of hostsWith(among, target, word)) {
      chosen.set(host, [...(chosen.get(host) ?? []), target]);
    }
  }
  return [...chosen].map(([host, targets]) => ({ host: requireUp(host), targets: [...new Set(targets)] }));
}

/** Pure: the one session a word means. Fails as {@link chooseTargets}. */
export function chooseSession(
  hosts: readonly Host[],
  word: string,
  on?: string,
): { readonly host: Host; readonly session: SessionView } {
  const { among, target } = placesOf(hosts, word, on);
  const [host] = hostsWith(among, target, word);
  const session = host?.view?.sessions.find(({ name }) => name === target);
  if (host && session) return { host: requireUp(host), session };
  const names = among.flatMap(({ view }) => view?.sessions ?? []).filter(({ pool }) => pool === target);
  throw new UserError(`"${word}" is a pool.`, `Name one of its sessions: ${names.map(({ name }) => name).join(', ')}.`);
}

function placesOf(hosts: readonly Host[], word: string, on: string | undefined) {
  const [first = '', second, ...more] = word.split('/');
  if (more.length > 0) throw new UserError(`"${word}" is no session.`, 'Name it by SESSION or HOST/SESSION.');
  const host = second === undefined ? on : first;
  return { among: host === undefined ? hosts : [requireHost(hosts, host)], target: second ?? first };
}

/** A pool may be on several hosts and is meant on all of them; a session is one. */
function hostsWith(among: readonly Host[], target: string, word: string): Host[] {
  const holding = among.filter(({ view }) => view?.sessions.some(({ name }) => name === target));
  const up = holding.filter(({ lostSince }) => lostSince === undefined);
  const named = up.length > 0 ? up : holding;
  if (named.length > 1) {
    const places = named.map(({ host }) => `${host}/${target}`);
    throw new UserError(`"${word}" is on ${named.length} hosts.`, `Name one: ${places.join(', ')}.`);
  }
  if (named.length === 1) return named;
  const serving = among.filter(({ view }) => view?.sessions.some(({ pool }) => pool === target));
  if (serving.length > 0) return serving.some(isUp) ? serving.filter(isUp) : serving;
  const known = among.flatMap(({ view }) => view?.sessions.flatMap(({ name, pool }) => [name, pool]) ?? []);
  const near = nearestWord(target, new Set(known));
  const hint = near === undefined ? '' : ` Did you mean "${near}"?`;
  throw new NotFoundError(`No session or pool "${word}".${hint}`, 'See them with `gantry sessions`.');
}

function isUp({ lostSince }: Host): boolean {
  return lostSince === undefined;
}

export function requireHost(hosts: readonly Host[], name: string): Host {
  const found = hosts.find(({ host }) => host === name);
  if (found) return found;
  const names = hosts.map(({ host }) => host);
  const near = nearestWord(name, names);
  const known =
    near !== undefined ? ` Did you mean "${near}"?` : names.length > 0 ? ` There is ${names.join(', ')}.` : '';
  throw new NotFoundError(`No host "${name}".${known}`, 'Start one with `gantry host --name NAME`.');
}

function requireUp(host: Host): Host {
  if (isUp(host)) return host;
  throw new RefusedError(
    `Host ${host.host} is lost: nobody there can be asked.`,
    `Start it again on its machine: gantry host --name ${host.host}`,
  );
}
