import { existsSync, readFileSync } from 'node:fs';
import type { WorkflowHandle } from '@temporalio/client';
import { defaultPayloadConverter } from '@temporalio/common';
import { dispatchId } from '../../contracts/ids';
import type { Lease } from '../../contracts/sessions';
import type { AgentEntry } from './agent-log';
import type { Fleet } from './fleet';
import { STAGE, type Sent } from './prompts';

type History = Awaited<ReturnType<WorkflowHandle['fetchHistory']>>;
type Event = NonNullable<History['events']>[number];

/** One prompt from the decision to send it to its end: epoch milliseconds, by the clock that all parts share. */
export interface Timeline {
  readonly run: string;
  /** The workflow task that queued the prompt was done. */
  readonly decided: number;
  /** The session that has it, and since when the workflow's history says so. */
  readonly session: string;
  readonly leased: number;
  /** The host took the work for its session. */
  readonly taken: number;
  readonly claimed: number;
  /** Of the paste, as it was begun and as it reached the agent. */
  readonly paste: number;
  readonly inPane: number;
  readonly enter: number;
  /** By the agent's own log. */
  readonly accepted: number;
  readonly done: number;
  /** The history says that the dispatch has ended: the session is free. */
  readonly ended: number;
}

/** Read the first dispatches of runs off their histories, receipts and the agents' log. */
export async function timelinesOf(fleet: Fleet, sent: readonly Sent[]): Promise<Timeline[]> {
  const log = fleet.log.all();
  const timelines: Timeline[] = [];
  for (const one of sent) timelines.push(await timelineOf(fleet, one, log));
  return timelines;
}

async function timelineOf(fleet: Fleet, { run, handle }: Sent, log: readonly AgentEntry[]): Promise<Timeline> {
  const { events } = await handle.fetchHistory();
  const reserve = activityIn(events ?? [], 'reserveSession');
  const dispatch = activityIn(events ?? [], 'dispatchPrompt');
  const receipts = readReceipts(fleet.dispatchFile(dispatchId(run, STAGE, 1, 1), 'receipts.jsonl'));
  const prompt = log.find((entry) => entry.what === 'prompt' && entry.run === run);
  const pasted = log.find((entry) => entry.what === 'pasted' && entry.agent === prompt?.agent);
  const done = log.find((entry) => entry.what === 'done' && entry.run === run);
  return {
    run,
    decided: reserve.decided,
    session: reserve.result<Lease>().session,
    leased: reserve.completed,
    taken: dispatch.started,
    claimed: receipts('claimed'),
    paste: receipts('paste'),
    inPane: pasted?.at ?? NaN,
    enter: receipts('enter'),
    accepted: prompt?.at ?? NaN,
    done: done?.at ?? NaN,
    ended: dispatch.completed,
  };
}

function activityIn(events: readonly Event[], type: string) {
  const scheduled = events.find((event) => event.activityTaskScheduledEventAttributes?.activityType?.name === type)!;
  const attributes = scheduled.activityTaskScheduledEventAttributes!;
  const of = (id: { toString(): string } | null | undefined) => events.find((event) => same(event.eventId, id));
  const decided = of(attributes.workflowTaskCompletedEventId);
  const started = events.find((event) =>
    same(event.activityTaskStartedEventAttributes?.scheduledEventId, scheduled.eventId),
  );
  const completed = events.find((event) =>
    same(event.activityTaskCompletedEventAttributes?.scheduledEventId, scheduled.eventId),
  );
  const payload = completed?.activityTaskCompletedEventAttributes?.result?.payloads?.[0];
  return {
    decided: timeOf(decided),
    started: timeOf(started),
    completed: timeOf(completed),
    result: <T>(): T => defaultPayloadConverter.fromPayload<T>(payload!),
  };
}

interface Printable {
  toString(): string;
}

function same(a: Printable | null | undefined, b: Printable | null | undefined): boolean {
  return a != null && b != null && a.toString() === b.toString();
}

function timeOf(event: Event | undefined): number {
  const { seconds, nanos } = event?.eventTime ?? {};
  return seconds == null ? NaN : Number(seconds.toString()) * 1_000 + (nanos ?? 0) / 1e6;
}

function readReceipts(path: string): (name: string) => number {
  const lines = existsSync(path) ? readFileSync(path, 'utf8').split('\n').filter(Boolean) : [];
  const entries = lines.map((line) => JSON.parse(line) as { readonly at: number; readonly name: string });
  return (name) => entries.find((entry) => entry.name === name)?.at ?? NaN;
}
