import type { AuditEntry } from '../../../contracts/run';
import type { Comparison } from '../../runs/check-audit';
import { columns, fit, harmless, type Paint } from './paint';

/** One line an entry, oldest first, with full dates: a trail is read long afterwards. */
export function renderAudit(
  entries: readonly AuditEntry[],
  options: { readonly paint: Paint; readonly width: number },
): string {
  if (entries.length === 0) return 'Nothing has happened yet.';
  const rows = entries.map(({ at, what, who, stage, text }) => [
    options.paint.dim(new Date(at).toISOString().replace('T', ' ').slice(0, 19)),
    what,
    harmless(who),
    stage ?? '',
    harmless(text),
  ]);
  return columns(rows)
    .map((line) => fit(line, options.width))
    .join('\n');
}

/** One line for each matter, and under it what differs. */
export function renderComparisons(comparisons: readonly Comparison[], executions: number, paint: Paint): string {
  const lines = columns(
    comparisons.map(({ matter, trail, history, differences }) => [
      differences.length === 0 ? paint.green('✓') : paint.red('✗'),
      matter,
      `${trail} in the trail`,
      `${history} in the history`,
    ]),
  );
  const differ = comparisons.some(({ differences }) => differences.length > 0);
  const histories = executions === 1 ? 'the history of 1 execution' : `the histories of ${executions} executions`;
  return [
    ...comparisons.flatMap(({ differences }, index) => [
      lines[index]!,
      ...differences.map((line) => `    ${paint.red(harmless(line))}`),
    ]),
    `The trail and ${histories} ${differ ? 'differ' : 'agree'}.`,
  ].join('\n');
}
