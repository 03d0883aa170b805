import type { ModelConfig } from '../../contracts/config/model-config';
import { candidateKey, type Candidate } from '../../contracts/models';
import { isAllowed } from '../../contracts/routing/allowed';
import { namedBy } from '../../contracts/routing/names';
import { ApiError, unknownModel } from './errors';
import type { Caller } from './keys';

/** A model as OpenAI lists it. Nobody knows when it was made. */
export interface ListedModel {
  readonly id: string;
  readonly object: 'model';
  readonly created: 0;
  readonly owned_by: string;
}

/** What clients may name: chains, `provider/model`, and models. */
export interface Catalogue {
  list(caller: Caller): readonly ListedModel[];
  find(caller: Caller, id: string): ListedModel | undefined;
  /** Fails: ApiError 404 for what is listed nowhere, 403 for what the key may not use. */
  demand(caller: Caller, model: string): void;
}

/**
 * What is listed can be asked, and nothing else: a name that somebody made up would get a breaker, a profile and a line
 * in the metrics of its own.
 */
export function createCatalogue(config: Pick<ModelConfig, 'providers' | 'chains'>): Catalogue {
  const listed = new Map(namesIn(config).map((id) => [id, namedBy(config, [id]).candidates]));
  const defaults = new Map(config.providers.map(({ name }) => [name, namedBy(config, [name]).candidates]));
  // A stand-in answers as whoever is asked for, where there is nobody else.
  const anyName = config.providers.length > 0 && config.providers.every(({ standIn }) => standIn);
  const mayUse = ({ models }: Caller, candidates: readonly Candidate[]): boolean =>
    models === undefined || candidates.some((one) => isAllowed(config, models, one));
  const find = (caller: Caller, id: string): ListedModel | undefined => {
    const candidates = listed.get(id);
    return candidates && mayUse(caller, candidates) ? entry(config, id, candidates) : undefined;
  };
  return {
    find,
    list: (caller) => [...listed.keys()].flatMap((id) => find(caller, id) ?? []),
    demand(caller, model) {
      const candidates = listed.get(model) ?? defaults.get(model);
      if (!candidates && !anyName) throw unknownModel(model);
      if (candidates && !mayUse(caller, candidates)) throw notAllowed(caller, model);
    },
  };
}

function namesIn(config: Pick<ModelConfig, 'providers' | 'chains'>): readonly string[] {
  const { providers, chains } = config;
  const chained = namedBy(config, Object.keys(chains)).candidates;
  const candidates = [
    ...providers.flatMap(({ name, models }) => models.map((model) => ({ provider: name, model }))),
    ...chained,
  ];
  const names = [...Object.keys(chains), ...candidates.map(candidateKey), ...candidates.map(({ model }) => model)];
  return [...new Set(names)].filter((name) => namedBy(config, [name]).candidates.length > 0);
}

function entry({ chains }: Pick<ModelConfig, 'chains'>, id: string, candidates: readonly Candidate[]): ListedModel {
  const owner = Object.hasOwn(chains, id) ? 'gantry' : (candidates[0]?.provider ?? 'gantry');
  return { id, object: 'model', created: 0, owned_by: owner };
}

function notAllowed({ name }: Caller, model: string): ApiError {
  return new ApiError(403, {
    message: `The key ${name} may not use the model \`${model}\`. GET /v1/models lists those it may use.`,
    type: 'invalid_request_error',
    param: 'model',
    code: 'model_not_allowed',
  });
}
