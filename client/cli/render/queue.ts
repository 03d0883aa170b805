import type { Alert, PoolQueue, QueuedPrompt, QueueReport } from '../../sessions/queue-report';
import { about, elapsed, moment } from './figures';
import { columns, fit, harmless, type Paint } from './paint';

export interface QueueOptions {
  readonly paint: Paint;
  readonly width: number;
  readonly timeZone?: string;
}

/** Prompts shown of each queue; `--json` has all. */
const SHOWN = 20;

/** Pools, who waits for each in the order they go, and what is wrong. */
export function renderQueue({ at, pools, alerts, more }: QueueReport, options: QueueOptions): string {
  const { paint, width } = options;
  if (pools.length === 0) {
    return 'No host serves a pool, and nothing waits. Start one with `gantry host --pool codex=3`.';
  }
  const heads = columns(pools.map((pool) => poolRow(pool, at, options)));
  return [
    ...pools.flatMap((pool, index) => [heads[index]!, ...promptLines(pool, at)]),
    ...alerts.flatMap((alert) => alertLines(alert, at, options)),
    ...(more ? [paint.dim('More than 500 runs are open; those beyond were not looked at.')] : []),
  ]
    .map((line) => fit(line, width))
    .join('\n');
}

function poolRow({ pool, sessions, depth, oldest, closed, ...rest }: PoolQueue, at: number, options: QueueOptions) {
  const { paint, timeZone } = options;
  const { idle, busy, of } = sessions;
  const until = closed?.until === undefined ? '' : ` until ${moment(closed.until, at, timeZone)}`;
  const availability = closed ? paint.red(`closed${until}`) : `${idle} idle`;
  const oldestWait = oldest === undefined ? '' : `, the oldest ${elapsed(oldest, at)}`;
  return [
    paint.bold(pool),
    rest.hosts.length === 0 ? paint.red('no host') : idle > 0 && !closed ? paint.green(availability) : availability,
    rest.hosts.length === 0 ? '' : `busy ${busy}/${of}`,
    depth === 0 ? paint.dim('nothing waits') : `${depth} waiting${oldestWait}`,
    rest.turnMs === undefined ? '' : paint.dim(`a turn takes ${about(rest.turnMs)}`),
    paint.dim(rest.hosts.join(', ')),
  ];
}

function promptLines({ order }: PoolQueue, at: number): string[] {
  const lines = columns(order.slice(0, SHOWN).map((prompt) => promptRow(prompt, at)));
  const hidden = order.length - lines.length;
  return [...lines, ...(hidden > 0 ? [`   … and ${hidden} more`] : [])];
}

function promptRow({ place, run, stage, priority, since, aboutMs }: QueuedPrompt, at: number): string[] {
  return [
    `   ${String(place).padStart(2)}`,
    `${run.project}/${run.runId}`,
    stage ?? '',
    `priority ${priority}`,
    `waits ${elapsed(since, at)}`,
    aboutMs === undefined ? '' : about(aboutMs),
  ];
}

function alertLines({ text, todo, until }: Alert, at: number, { paint, timeZone }: QueueOptions): string[] {
  const when = until === undefined ? '' : ` (until ${moment(until, at, timeZone)})`;
  return [`${paint.red('ALERT')} ${harmless(text)}${when}`, `      ${paint.cyan(todo)}`];
}
