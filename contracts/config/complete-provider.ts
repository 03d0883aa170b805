import { suggestion } from '../nearest-word';
import { problemAt, fieldProblem, type Path, type Problem } from '../pipeline/problem';
import { VENDORS, type ProviderFile } from '../schemas/config/providers';
import type { ConfiguredProvider } from './model-config';
import { VENDOR_PRESETS, vendorNamed, type VendorPreset } from './vendors';

export interface CompletedProvider {
  /** Absent when too little is known of it. */
  readonly provider?: ConfiguredProvider;
  readonly problems: readonly Problem[];
}

/** A provider with all that its vendor has it say by default. */
export function completeProvider(
  name: string,
  said: ProviderFile,
  { ofNoVendor, standIn }: { readonly ofNoVendor: boolean; readonly standIn: boolean },
): CompletedProvider {
  const at: Path = ['providers', name];
  const vendor = said.vendor ?? (ofNoVendor ? undefined : vendorNamed(name));
  const preset = vendor === undefined ? undefined : VENDOR_PRESETS[vendor];
  const protocol = said.protocol ?? preset?.protocol ?? 'openai';
  // An address is of one protocol: another one needs another address.
  const baseUrl = said['base-url'] ?? (protocol === preset?.protocol ? preset.baseUrl : undefined);
  const models = said.models ?? (preset?.model === undefined ? [] : [preset.model]);
  const keyVariable = said.key ?? (preset?.needsKey === true ? preset.usual.key : undefined);
  const problems = [
    ...(baseUrl === undefined ? [withoutAddress(at, name, preset)] : []),
    ...(models.length === 0 ? [fieldProblem([...at, 'models'], 'is missing', { hint: MODELS_HINT })] : []),
    ...misplaced(at, said, protocol),
    ...repeated([...at, 'models'], models),
  ];
  if (baseUrl === undefined || models.length === 0) return { problems };
  const provider: ConfiguredProvider = {
    name,
    ...(vendor !== undefined && { vendor }),
    ...{ protocol, baseUrl, models },
    ...(keyVariable !== undefined && { keyVariable }),
    tags: [...new Set([...said.tags, ...(isHere(baseUrl) ? (preset?.tagsHere ?? []) : [])])],
    prices: said.prices,
    standIn,
    structuredOutput: said['structured-output'] ?? preset?.structuredOutput ?? false,
    ...optional(said, preset),
  };
  return { provider, problems };
}

const MODELS_HINT = 'List them as its server calls them; the first is asked where nobody names one.';

function optional(said: ProviderFile, preset: VendorPreset | undefined): Partial<ConfiguredProvider> {
  const { organization, project } = said;
  const maxContext = said['max-context'] ?? preset?.maxContext;
  return {
    ...(said['max-output'] !== undefined && { maxOutput: said['max-output'] }),
    ...(maxContext !== undefined && { maxContext }),
    ...(organization !== undefined && { organization }),
    ...(project !== undefined && { project }),
    ...(said['first-event'] !== undefined && { firstEventMs: said['first-event'] }),
    ...(said.idle !== undefined && { idleMs: said.idle }),
  };
}

function withoutAddress(at: Path, name: string, preset: VendorPreset | undefined): Problem {
  if (preset !== undefined) {
    return fieldProblem([...at, 'base-url'], "is missing: its vendor's own address is of another protocol");
  }
  const hint = `Say where it is, or which vendor it is of. ${suggestion(name, VENDORS) ?? ''}`.trim();
  return problemAt([...at, 'base-url'], `providers.${name} has no base-url, and is named after no vendor`, { hint });
}

/** What would be read by nobody. */
function misplaced(at: Path, said: ProviderFile, protocol: string): Problem[] {
  const fields = ['organization', 'project', 'structured-output'] as const;
  const forOpenAi = fields.filter((field) => said[field] !== undefined && protocol !== 'openai');
  const key = said.key !== undefined && protocol === 'ollama' ? (['key'] as const) : [];
  return [...forOpenAi, ...key].map((field) =>
    fieldProblem([...at, field], `means nothing to the protocol ${protocol}`, { atKey: true }),
  );
}

function repeated(at: Path, models: readonly string[]): Problem[] {
  return models.flatMap((model, place) =>
    models.indexOf(model) < place ? [problemAt([...at, place], `the model "${model}" is listed twice`)] : [],
  );
}

/** Whether an address is of this machine. */
export function isHere(address: string): boolean {
  if (!URL.canParse(address)) return false;
  const { hostname } = new URL(address);
  return hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d+){3}$/.test(hostname);
}
