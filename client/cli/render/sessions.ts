import type { SessionState, SessionView } from '../../../contracts/sessions';
import type { Host } from '../../temporal';
import { elapsed, memory, moment } from './figures';
import { columns, fit, harmless, type Paint } from './paint';

export interface SessionsOptions {
  readonly paint: Paint;
  readonly width: number;
  readonly at: number;
  readonly timeZone?: string;
}

const STATE_COLOUR: Record<SessionState, keyof Paint> = {
  stopped: 'dim',
  starting: 'cyan',
  idle: 'green',
  leased: 'cyan',
  working: 'cyan',
  asking: 'yellow',
  held: 'yellow',
  detecting: 'yellow',
  unhealthy: 'red',
};

/** Every session of every host, one line each, and under them the hosts. */
export function renderSessions(hosts: readonly Host[], options: SessionsOptions): string {
  if (hosts.length === 0)
    return 'No host is up. Start one with `gantry host --pool codex=3`, or all with `gantry dev`.';
  const rows = hosts.flatMap((host) => (host.view?.sessions ?? []).map((session) => row(host, session, options)));
  const lines = rows.length === 0 ? [] : columns([HEAD.map(options.paint.dim), ...rows]);
  return [...lines, ...(lines.length > 0 ? [''] : []), ...hosts.map((host) => hostLine(host, options))]
    .map((line) => fit(line, options.width))
    .join('\n');
}

const HEAD = ['SESSION', 'POOL', 'STATE', 'FOR', 'RUN', 'LAST EVENT', 'MEMORY', 'RESTARTS', 'CONVERSATION', 'DOING'];

function row({ host, lostSince }: Host, session: SessionView, { paint, at }: SessionsOptions): string[] {
  const { name, pool, state, since, draining, run, stage, lastEventAt, memoryMb, restarts } = session;
  const shown = lostSince === undefined ? paint[STATE_COLOUR[state]](state) : paint.red('lost');
  return [
    `${host}/${name}`,
    pool,
    draining ? `${shown}, draining` : shown,
    elapsed(lostSince ?? since, at),
    run === undefined ? '' : `${run.runId}${stage === undefined ? '' : ` ${stage}`}`,
    lastEventAt === undefined ? '' : `${elapsed(lastEventAt, at)} ago`,
    memoryMb === undefined ? '' : memory(memoryMb),
    restarts === 0 ? '' : String(restarts),
    paint.dim(harmless(session.conversation ?? '').slice(0, 8)),
    harmless(session.doing ?? ''),
  ];
}

function hostLine({ host, view, lostSince }: Host, options: SessionsOptions): string {
  const { paint, at, timeZone } = options;
  const pools = (view?.pools ?? []).map(({ pool, min, max }) => `${pool} ${min === max ? max : `${min}..${max}`}`);
  const serves = pools.length === 0 ? '' : ` · ${pools.join(', ')}`;
  if (lostSince !== undefined) {
    const since = `${moment(lostSince, at, timeZone)} (${elapsed(lostSince, at)})`;
    const what = view === undefined ? `not up yet, since ${since}` : `lost since ${since}`;
    return `${paint.red('✗')} ${paint.bold(host)}  ${paint.red(what)}${serves}`;
  }
  if (view === undefined) return `${paint.yellow('·')} ${paint.bold(host)}  has not said anything yet`;
  const free = `${memory(view.freeMemoryMb)} free`;
  return `${paint.green('✓')} ${paint.bold(host)}  up ${elapsed(view.startedAt, at)}${serves} · ${free}`;
}
