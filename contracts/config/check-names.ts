import { nearestWord, suggestion } from '../nearest-word';
import { problemAt, type Path, type Problem } from '../pipeline/problem';
import type { ConfigFile } from '../schemas/config';

/** Everything in a configuration that has a name by which other parts may mean it. */
export interface KnownNames {
  readonly chains: ReadonlySet<string>;
  readonly providers: ReadonlySet<string>;
  readonly models: ReadonlySet<string>;
  readonly tags: ReadonlySet<string>;
  /** Providers that are there on some days: they are known, and never suggested. */
  readonly perhaps: ReadonlySet<string>;
  /** Who answers is found out, so that a model nobody lists today may be listed tomorrow. */
  readonly isOpen: boolean;
}

/** Chains, routes, experiments, keys of the gateway, budgets.local and last-resort: whoever they name is there. */
export function checkCandidates(file: ConfigFile, known: KnownNames): Problem[] {
  const named = (path: Path, names: readonly string[]) =>
    names.flatMap((name, at) => checkCandidate(names.length === 1 ? path : [...path, at], name, known));
  const { budgets, chains, routes, experiments, gateway, 'last-resort': lastResort } = file;
  return [
    ...Object.entries(chains).flatMap(([chain, names]) =>
      names.flatMap((name, at) => checkCandidate(['chains', chain, at], name, known)),
    ),
    ...routes.flatMap(({ chain }, at) => named(['routes', at, 'chain'], chain)),
    ...experiments.flatMap(({ arms }, at) =>
      Object.entries(arms).flatMap(([arm, { chain }]) => named(['experiments', at, 'arms', arm, 'chain'], chain)),
    ),
    ...(budgets?.local === undefined ? [] : checkCandidate(['budgets', 'local'], budgets.local, known)),
    ...(lastResort === undefined ? [] : checkCandidate(['last-resort'], lastResort, known)),
    ...Object.entries(gateway.keys).flatMap(([key, { models }]) =>
      named(['gateway', 'keys', key, 'models'], models ?? []),
    ),
  ];
}

function checkCandidate(path: Path, name: string, known: KnownNames): Problem[] {
  const { chains, providers, models, perhaps, isOpen } = known;
  const isProvider = (word: string) => providers.has(word) || perhaps.has(word);
  const slash = name.indexOf('/');
  const [provider, model] = slash < 0 ? [name, undefined] : [name.slice(0, slash), name.slice(slash + 1)];
  if (chains.has(name) || models.has(name) || isProvider(name)) return [];
  // Any model of a provider may be named: a configuration need not list them all.
  if (model !== undefined && model !== '' && isProvider(provider)) return [];
  const near = nearestWord(provider, providers);
  if (model !== undefined && near !== undefined) {
    return [problemAt(path, `there is no provider "${provider}"`, { hint: `Did you mean "${near}/${model}"?` })];
  }
  const words = [...new Set([...chains, ...providers, ...models])];
  if (isOpen && nearestWord(name, [...chains, ...providers]) === undefined) return [];
  return [problemAt(path, `no chain, provider or model is called "${name}"`, { hint: suggestion(name, words) })];
}

/** A chain may name chains, and none that leads back to it. */
export function checkChains({ chains }: ConfigFile, known: KnownNames): Problem[] {
  const shadowing = Object.keys(chains).filter((chain) => known.providers.has(chain));
  return [
    ...shadowing.map((chain) =>
      problemAt(['chains', chain], `there is a provider "${chain}" too, so that nobody can tell them apart`, {
        hint: 'Give the chain another name.',
        atKey: true,
      }),
    ),
    ...Object.keys(chains).flatMap((chain) => cyclesAt(chains, chain)),
  ];
}

/** Each circle is told once: at the first of its chains. */
function cyclesAt(chains: ConfigFile['chains'], start: string): Problem[] {
  const order = Object.keys(chains);
  const isLater = (chain: string) => order.indexOf(chain) >= order.indexOf(start);
  const back = (names: readonly string[], way: readonly string[]): readonly string[] | undefined => {
    for (const name of names) {
      if (name === start) return [...way, name];
      if (!Object.hasOwn(chains, name) || way.includes(name) || !isLater(name)) continue;
      const found = back(chains[name] ?? [], [...way, name]);
      if (found !== undefined) return found;
    }
    return undefined;
  };
  return (chains[start] ?? []).flatMap((name, at) => {
    const way =
      name === start
        ? [start, start]
        : Object.hasOwn(chains, name) && isLater(name)
          ? back(chains[name] ?? [], [start, name])
          : undefined;
    return way === undefined ? [] : [problemAt(['chains', start, at], `leads back to itself: ${way.join(' → ')}`)];
  });
}

/** Policies know providers by their names and tags. */
export function checkTags({ policies }: ConfigFile, { providers, tags, perhaps, isOpen }: KnownNames): Problem[] {
  const words = [...new Set([...providers, ...tags])];
  return policies.flatMap((policy, at) =>
    (['allow', 'deny'] as const).flatMap((field) => {
      const names = policy[field] ?? [];
      return names.flatMap((name, place): Problem[] => {
        if (words.includes(name) || perhaps.has(name)) return [];
        // Whether anybody is local is not known before everybody is.
        if (isOpen && name === 'local') return [];
        const path: Path = ['policies', at, field, ...(names.length === 1 ? [] : [place])];
        return [problemAt(path, `no provider has the name or the tag "${name}"`, { hint: suggestion(name, words) })];
      });
    }),
  );
}
