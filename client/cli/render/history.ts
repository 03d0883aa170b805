import type { Json } from '../../../contracts/json';
import { columns, fit, harmless, type Paint } from './paint';

/** A Temporal history, one line an event: number, time, what, and the name a person knows it by. */
export function renderHistory(
  events: readonly Readonly<Record<string, Json>>[],
  { paint, width }: { readonly paint: Paint; readonly width: number },
): string {
  const rows = events.map((event) => [
    (text(event['eventId']) ?? '').padStart(5),
    paint.dim((text(event['eventTime']) ?? '').slice(11, 23)),
    wordsOf(text(event['eventType']) ?? ''),
    harmless(subjectOf(event)),
    paint.dim(harmless(summaryOf(event))),
  ]);
  return columns(rows)
    .map((line) => fit(line, width))
    .join('\n');
}

/** `EVENT_TYPE_ACTIVITY_TASK_SCHEDULED` → `activity task scheduled`. */
function wordsOf(type: string): string {
  return type
    .replace(/^EVENT_TYPE_/, '')
    .replaceAll('_', ' ')
    .toLowerCase();
}

function subjectOf(event: Readonly<Record<string, Json>>): string {
  const [, attributes] = Object.entries(event).find(([key]) => key.endsWith('EventAttributes')) ?? [];
  if (typeof attributes !== 'object' || attributes === null || Array.isArray(attributes)) return '';
  const { activityType, workflowType, signalName, failure, scheduledEventId, startedEventId, timerId } = attributes;
  const type = nameOf(activityType) ?? nameOf(workflowType) ?? text(signalName) ?? messageOf(failure);
  const of = text(scheduledEventId) ?? text(startedEventId);
  return type ?? (of !== undefined && of !== '0' ? `of ${of}` : timerId === undefined ? '' : `timer ${text(timerId)}`);
}

/** The label the workflow gave it: what the Web UI shows. */
function summaryOf({ userMetadata }: Readonly<Record<string, Json>>): string {
  const summary = (userMetadata as { summary?: { data?: string } } | undefined)?.summary?.data;
  if (summary === undefined) return '';
  const decoded = Buffer.from(summary, 'base64').toString('utf8');
  return decoded.startsWith('"') && decoded.endsWith('"') ? decoded.slice(1, -1) : decoded;
}

function nameOf(type: Json | undefined): string | undefined {
  return text((type as { name?: Json } | undefined)?.name);
}

function messageOf(failure: Json | undefined): string | undefined {
  return text((failure as { message?: Json } | undefined)?.message);
}

function text(value: Json | undefined): string | undefined {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined;
}
