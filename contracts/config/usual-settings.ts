import { isMapping } from '../reading/values';
import type { Origin } from './config-problem';
import { setIn, type Environment } from './from-environment';
import { addressOf } from './ollama-address';
import { USUAL_FIELDS, VENDOR_PRESETS, vendorNamed, type UsualField } from './vendors';

export interface WithUsualSettings {
  readonly providers: Readonly<Record<string, unknown>>;
  readonly origins: readonly Origin[];
}

/** Providers with what their vendors' usual variables say of whatever they do not say themselves. Keys stay names. */
export function withUsualSettings(
  providers: Readonly<Record<string, unknown>>,
  ofNoVendor: readonly string[],
  env: Environment,
): WithUsualSettings {
  const origins: Origin[] = [];
  const filled = Object.entries(providers).map(([name, provider]): [string, unknown] => {
    const said = provider === null ? {} : provider;
    if (!isMapping(said) || ofNoVendor.includes(name)) return [name, said];
    const vendor = vendorNamed(said['vendor'] ?? name);
    if (vendor === undefined) return [name, said];
    const { usual } = VENDOR_PRESETS[vendor];
    const missing = USUAL_FIELDS.flatMap((field) => {
      const variable = usual[field];
      const text = variable === undefined ? undefined : setIn(env, variable);
      if (variable === undefined || text === undefined || said[field] !== undefined) return [];
      // A key is its variable's name, which nobody can have got wrong.
      if (field !== 'key') origins.push({ path: ['providers', name, field], variable });
      return [[field, settingOf(field, text, variable)] as const];
    });
    return [name, { ...said, ...Object.fromEntries(missing) }];
  });
  return { providers: Object.fromEntries(filled), origins };
}

function settingOf(field: UsualField, text: string, variable: string): unknown {
  switch (field) {
    case 'key':
      return variable;
    case 'models':
      return [text];
    case 'max-context':
      return Number.isNaN(Number(text)) ? text : Number(text);
    case 'base-url':
      return variable === 'OLLAMA_HOST' ? addressOf(text) : text;
    default:
      return text;
  }
}
