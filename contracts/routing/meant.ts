import type { ModelConfig } from '../config/model-config';
import type { Candidate, Route, RouteRequest } from '../models';
import type { Preference } from '../schemas/config/routes';
import { applies, conditionsText } from './applies';
import { draw } from './experiment';
import { chainOf, defaultOf, listing, namedBy, providerNamed, realOf } from './names';

export type MeaningParts = Pick<ModelConfig, 'providers' | 'leftOut' | 'chains' | 'routes' | 'experiments'>;

/** Who a request is for, in order, before anybody looks whether they can answer. */
export interface Meant {
  readonly candidates: readonly Candidate[];
  /** Names in the configuration that mean nobody who is enabled. */
  readonly nobody: readonly string[];
  readonly by: string;
  readonly prefer: Preference;
  readonly experiment?: NonNullable<Route['experiment']>;
}

/** The default chain, where the configuration has one of this name. */
export const DEFAULT_CHAIN = 'default';

/**
 * Who is meant: what the request names; else the arm of an experiment; else the first rule that fits; else the chain
 * `default`; else every provider with its first model. A stand-in is meant only where it is named, or is all there is,
 * and then whatever was asked for: whoever wrote a pipeline need not know of it.
 */
export function whoIsMeant(config: MeaningParts, request: RouteRequest): Meant {
  const meant = request.model === undefined ? byRules(config, request) : byName(config, request.model);
  const standInsOnly = config.providers.length > 0 && config.providers.every(({ standIn }) => standIn);
  if (meant.candidates.length > 0 || !standInsOnly) return meant;
  return { ...meant, candidates: config.providers.map(defaultOf), nobody: [], by: 'only a stand-in is configured' };
}

function byName(config: MeaningParts, name: string): Meant {
  const chain = chainOf(config, name);
  if (chain) return { ...namedBy(config, [name]), by: `chain ${name}`, prefer: 'order' };
  const asked = { nobody: [], by: 'asked for by name', prefer: 'order' } as const;
  const provider = providerNamed(config.providers, name);
  if (provider) return { ...asked, candidates: [provider] };
  const serving = listing(config.providers, name);
  if (serving.length > 0) return { ...asked, candidates: serving };
  // Whoever names a provider wants no other, also where it cannot be asked from here.
  if (config.leftOut?.includes(name.split('/')[0] ?? name)) return { ...asked, candidates: [], nobody: [name] };
  // Providers know more models than a configuration lists.
  const first = realOf(config.providers).filter(({ standIn }) => !standIn)[0];
  const by = 'asked for by name; no provider lists it, so the first is asked';
  return { ...asked, candidates: first ? [{ provider: first.name, model: name }] : [], by };
}

function byRules(config: MeaningParts, request: RouteRequest): Meant {
  const drawn = draw(config.experiments, request);
  if (!drawn) return usual(config, request);
  const experiment = { name: drawn.name, arm: drawn.arm };
  if (!drawn.chain) return { ...usual(config, request), experiment };
  return {
    ...namedBy(config, drawn.chain),
    by: `experiment ${drawn.name}, arm ${drawn.arm}`,
    prefer: 'order',
    experiment,
  };
}

function usual(config: MeaningParts, request: RouteRequest): Meant {
  const place = config.routes.findIndex((rule) => applies(rule, request));
  const rule = config.routes[place];
  if (rule) {
    const by = `routes[${place + 1}] (${conditionsText(rule) || 'for all'})`;
    return { ...namedBy(config, rule.chain), by, prefer: rule.prefer };
  }
  if (chainOf(config, DEFAULT_CHAIN)) {
    return { ...namedBy(config, [DEFAULT_CHAIN]), by: `chain ${DEFAULT_CHAIN}`, prefer: 'order' };
  }
  const candidates = realOf(config.providers).map(defaultOf);
  return { candidates, nobody: [], by: 'the order of the providers', prefer: 'order' };
}
