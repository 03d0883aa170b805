import type { AuditEntry } from '../../../contracts/run';
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
