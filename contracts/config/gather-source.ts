import type { Problem } from '../pipeline/problem';
import { isMapping } from '../reading/values';
import type { Origin } from './config-problem';
import { declaredBy, STAND_IN, STAND_IN_VARIABLE, standInOf, type Environment } from './from-environment';
import type { AskedOllama } from './ollama-address';
import { withOverrides } from './overrides';
import { withUsualSettings } from './usual-settings';

export interface GatherOptions {
  readonly env: Environment;
  /** What was found where an Ollama was looked for; needed where no file says who answers. */
  readonly ollama?: AskedOllama;
}

/** All that a configuration is read from, as one source of the file's grammar. */
export interface ConfigSource {
  readonly source: unknown;
  /** Nobody has said who answers: the environment decides. */
  readonly isOpen: boolean;
  readonly ofNoVendor: readonly string[];
  /** The name of the stand-in, when there is one. */
  readonly standIn?: string;
  readonly origins: readonly Origin[];
  readonly problems: readonly (Problem & { readonly variable: string })[];
  readonly notes: readonly string[];
}

/** What a file says, what the environment says above it, and what it says of whatever both leave out. */
export function gatherSource(value: unknown, { env, ollama }: GatherOptions): ConfigSource {
  const file = value ?? {};
  const isOpen = isMapping(file) && (file['providers'] ?? undefined) === undefined && !setAsAWhole(env);
  const declared = isOpen ? declaredBy(env, ollama) : undefined;
  const base = declared === undefined ? file : { ...(isMapping(file) ? file : {}), providers: declared.providers };
  const overridden = withOverrides(base, env);
  const common = {
    isOpen,
    ofNoVendor: declared?.ofNoVendor ?? [],
    problems: [...(declared?.problems ?? []), ...overridden.problems],
    notes: declared?.notes ?? [],
  };
  const origins = [...(declared?.origins ?? []), ...overridden.origins];
  const { source } = overridden;
  const providers = isMapping(source) ? source['providers'] : undefined;
  if (!isMapping(source) || !isMapping(providers)) return { ...common, source, origins };
  const usual = withUsualSettings(providers, common.ofNoVendor, env);
  const standIn = Object.hasOwn(providers, STAND_IN) ? undefined : standInOf(env);
  return {
    ...common,
    ...(standIn !== undefined && { standIn: STAND_IN }),
    source: { ...source, providers: { ...usual.providers, ...(standIn && { [STAND_IN]: standIn }) } },
    origins: [
      ...origins,
      ...usual.origins,
      ...(standIn === undefined ? [] : [{ path: ['providers', STAND_IN], variable: STAND_IN_VARIABLE }]),
    ],
  };
}

function setAsAWhole(env: Environment): boolean {
  return (env['GANTRY__PROVIDERS'] ?? '').trim() !== '';
}
