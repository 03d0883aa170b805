import { formatDuration } from '../../contracts/duration';
import { formatMoney } from '../../contracts/money';
import type { Profile } from '../../contracts/profiles';

const SHOWN = 50;

/** What was learned, in Markdown for the Web UI. */
export function detailsOf(organisation: string, profiles: readonly Profile[]): string {
  const rows = profiles.slice(0, SHOWN).map(row);
  const more = profiles.length - rows.length;
  return [
    `## What was learned of models: ${organisation}`,
    '',
    '| task | model | calls | failed | latency | cost | quality |',
    '|---|---|---|---|---|---|---|',
    ...rows,
    ...(more > 0 ? ['', `… and ${more} more`] : []),
  ].join('\n');
}

function row({ task, provider, model, calls, failureRate, latencyMs, costNano, quality }: Profile): string {
  const cells = [
    task,
    `${provider}/${model}`,
    `${calls}`,
    percent(failureRate),
    latencyMs === undefined ? '' : formatDuration(latencyMs),
    costNano === undefined ? '' : formatMoney(costNano),
    quality === undefined ? '' : percent(quality),
  ];
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}
