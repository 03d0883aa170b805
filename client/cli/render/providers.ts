import type { BreakerState, Standing } from '../../../contracts/breakers';
import type { ProviderRow } from '../../models/provider-report';
import { moment } from './figures';
import { columns, fit, harmless, type Paint } from './paint';

export interface ProvidersOptions {
  readonly paint: Paint;
  readonly width: number;
  readonly at: number;
  readonly timeZone?: string;
}

const COLOUR: Record<BreakerState, keyof Paint> = {
  closed: 'green',
  open: 'red',
  'half-open': 'yellow',
  isolated: 'red',
};

const HEAD = ['PROVIDER', 'STATE', 'MODELS', 'KEY', 'ADDRESS', ''];

/** Every provider on a line, and under it the models of it that are closed. */
export function renderProviders(rows: readonly ProviderRow[], options: ProvidersOptions): string {
  if (rows.length === 0) {
    return 'No provider is configured. Set ANTHROPIC_API_KEY or OPENAI_API_KEY, start Ollama, or write a gantry.config.yaml (`gantry init --config`).';
  }
  const lines = columns([HEAD.map(options.paint.dim), ...rows.flatMap((row) => linesOf(row, options))]);
  return lines.map((line) => fit(line, options.width)).join('\n');
}

function linesOf({ name, configured, standing, models, keyMissingHere }: ProviderRow, options: ProvidersOptions) {
  const { paint } = options;
  const [first = '', ...more] = configured?.models ?? [];
  const key = configured?.keyVariable ?? '';
  return [
    [
      paint.bold(name),
      standing === undefined ? paint.dim('unknown') : stateOf(standing, options),
      more.length === 0 ? first : `${first} +${more.length}`,
      keyMissingHere ? `${key} ${paint.yellow('not set here')}` : key,
      paint.dim(configured?.baseUrl ?? 'not in this configuration'),
      harmless(standing?.why ?? ''),
    ],
    ...models.map(({ model, standing: ofModel }) => [
      `  ${model}`,
      stateOf(ofModel, options),
      '',
      '',
      '',
      harmless(ofModel.why ?? ''),
    ]),
  ];
}

function stateOf({ state, until, failures = 0 }: Standing, { paint, at, timeZone }: ProvidersOptions): string {
  const shown = paint[COLOUR[state]](state);
  if (state === 'open' && until !== undefined) return `${shown} until ${moment(until, at, timeZone)}`;
  if (state === 'half-open' && until !== undefined) return `${shown}, being tried`;
  return failures > 0 ? `${shown}, ${failures} failed` : shown;
}
