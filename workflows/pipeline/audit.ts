import { formatDuration } from '../../contracts/duration';
import type { StageKey } from '../../contracts/ids';
import type { AuditEntry, AuditKind } from '../../contracts/run';
import type { RunEvent } from './run-events';
import type { RunState, Stop } from './state';

/** An entry of the trail but for its time. */
export type AuditLine = Omit<AuditEntry, 'at'>;

/** What the trail says of an event; undefined for one that nobody would ask about. */
export function auditOf(state: RunState, event: RunEvent): AuditLine | undefined {
  switch (event.type) {
    case 'audit':
      return {
        what: event.what,
        who: event.who,
        text: event.text,
        ...(event.stage === undefined ? {} : { stage: event.stage }),
      };
    case 'stage.skipped':
      return stageLine('stage.skipped', event.key, event.reason);
    case 'attempt.started':
      return event.attempt === 1
        ? stageLine('stage.started', event.key, `turn ${state.stages[event.key]?.turn ?? 1}`)
        : stageLine(
            'stage.retried',
            event.key,
            `attempt ${event.attempt}: ${event.because ?? 'the one before failed'}`,
          );
    case 'stage.succeeded':
      return stageLine('stage.succeeded', event.key, event.product.note ?? 'done');
    case 'stage.failed':
      return stageLine('stage.failed', event.key, `${event.failure.type}: ${event.failure.message}`);
    case 'place.joined':
      return stageLine('prompt.queued', event.key, queuedText(state, event));
    case 'prompt.leased': {
      const { lease, waitedMs } = event;
      return stageLine(
        'prompt.leased',
        event.key,
        `${lease.session} on ${lease.host} after ${formatDuration(waitedMs)}`,
      );
    }
    case 'stage.tolerated':
      return { ...stageLine('stage.tolerated', event.key, 'the run goes on without it'), who: event.who };
    case 'fix': {
      const turn = (state.fixes[event.failed] ?? 0) + 1;
      return stageLine('stage.fix', event.failed, `back to ${event.fixing.join(', ')}, fix ${turn} of ${event.limit}`);
    }
    case 'undo.reported': {
      const { report } = event;
      return report.outcome === 'done'
        ? stageLine('undo.done', report.stage, `${report.label}: ${report.message ?? 'done'}`)
        : stageLine('undo.failed', report.stage, `${report.label}: ${report.message ?? 'failed'}`);
    }
    case 'ended':
      return requestLine('run.ended', 'gantry', event.status);
    case 'paused':
      return requestLine(event.paused ? 'run.paused' : 'run.unpaused', event.who, event.comment);
    case 'priority':
      return requestLine('run.priority-changed', event.who, `priority ${event.priority}`);
    case 'stopped':
      return stopLine(event.stop);
    default:
      return undefined;
  }
}

/** `codex at priority 5`, `claude at priority 5 too: codex was busy for 2m 00s`. */
function queuedText(state: RunState, { key, place, because }: Extract<RunEvent, { type: 'place.joined' }>): string {
  const others = (state.stages[key]?.waitsIn ?? []).some(({ pool }) => pool !== place.pool);
  const reason = because === undefined ? '' : `: ${because}`;
  return `${place.pool} at priority ${place.priority}${others ? ' too' : ''}${reason}`;
}

function stageLine(what: AuditKind, stage: StageKey, text: string): AuditLine {
  return { what, who: 'gantry', stage, text };
}

function requestLine(what: AuditKind, who: string, comment?: string): AuditLine {
  return { what, who, text: comment ?? '' };
}

function stopLine(stop: Stop): AuditLine | undefined {
  if (stop.kind === 'cancel') return requestLine('run.cancel-requested', stop.who, stop.comment);
  if (stop.kind === 'rollback') {
    return requestLine('run.rollback-requested', stop.who, stop.to === undefined ? 'everything' : `back to ${stop.to}`);
  }
  return undefined;
}
