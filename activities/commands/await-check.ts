import { setTimeout as sleep } from 'node:timers/promises';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { AwaitCheckInput, CheckResult } from '../../contracts/activities';
import { formatDuration } from '../../contracts/duration';
import { failure } from '../failure';
import { readIfThere, writeWhole } from '../files/whole-file';
import type { Attempt } from '../heartbeat';
import type { Host } from '../host';
import { lookWithCommand } from './look-with-command';
import { lookAtUrl, type Look } from './look-at-url';

/** Where a check stands. Kept in a file, so that a second try goes on from there. */
interface Progress {
  readonly startedAt: number;
  readonly looks: number;
  /** How long it has held under observation: time nobody looked does not count. */
  readonly heldMs?: number;
}

const MIN_EVERY_MS = 20;
const LOOK_LIMIT_MS = 10_000;
const COMMAND_LIMIT_MS = 300_000;

/** {@link CommandActivities.awaitCheck} */
export async function awaitCheck(host: Host, input: AwaitCheckInput, attempt: Attempt): Promise<CheckResult> {
  const dir = host.paths.check(input.run.runId, input.executionId);
  await mkdir(dir, { recursive: true, mode: 0o700 });
  let progress = await readProgress(dir);
  for (let lastHeldAt: number | undefined; ;) {
    const look = await lookOnce(host, input, progress, dir, attempt);
    const now = Date.now();
    progress = count(progress, look, lastHeldAt === undefined ? 0 : now - lastHeldAt);
    await writeWhole(join(dir, 'progress.json'), JSON.stringify(progress));
    if (look.holds && progress.heldMs! >= input.forMs) {
      return { looks: progress.looks, durationMs: now - progress.startedAt, saw: host.redactor.redact(look.saw) };
    }
    if (!look.holds) refuseIfOver(host, input, progress, look, now);
    lastHeldAt = look.holds ? now : undefined;
    await pause(input, progress, attempt);
  }
}

function count(before: Progress, look: Look, sinceHeldMs: number): Progress {
  const heldMs = look.holds ? (before.heldMs ?? 0) + sinceHeldMs : before.heldMs;
  return { startedAt: before.startedAt, looks: before.looks + 1, ...(heldMs !== undefined && { heldMs }) };
}

function lookOnce(
  host: Host,
  input: AwaitCheckInput,
  progress: Progress,
  dir: string,
  attempt: Attempt,
): Promise<Look> {
  const left = progress.heldMs === undefined ? input.withinMs - (Date.now() - progress.startedAt) : Infinity;
  const { http, contains, command, workspace, run } = input;
  if (http !== undefined) {
    return lookAtUrl(http, contains, { timeoutMs: between(1_000, left, LOOK_LIMIT_MS), signal: attempt.signal });
  }
  if (command === undefined) throw failure('Definition.Invalid', 'A check needs either an address or a command.');
  const timeoutMs = between(1_000, left, COMMAND_LIMIT_MS);
  const order = { dir: join(dir, `look-${progress.looks}`), run, command, timeoutMs };
  return lookWithCommand(host, workspace ? { ...order, cwd: workspace.path } : order, attempt);
}

/** A check must hold in time, and once it does it may not fail again. */
function refuseIfOver(host: Host, input: AwaitCheckInput, progress: Progress, look: Look, now: number): void {
  const what = input.http ?? input.command?.command ?? '';
  const fail = (how: string): never => {
    const message = host.redactor.redact(`${what} ${how}. Last seen: ${look.saw}.`);
    throw failure('Stage.CheckFailed', message, look.evidence && { evidence: look.evidence });
  };
  if (progress.heldMs !== undefined) fail(`held for ${formatDuration(progress.heldMs)} and then did not any more`);
  if (now - progress.startedAt >= input.withinMs) {
    fail(`did not hold within ${formatDuration(input.withinMs)}, looked at ${progress.looks} times`);
  }
}

/** Until the next look; the last one before a deadline is at the deadline. */
async function pause(input: AwaitCheckInput, progress: Progress, attempt: Attempt): Promise<void> {
  const left =
    progress.heldMs === undefined ? input.withinMs - (Date.now() - progress.startedAt) : input.forMs - progress.heldMs;
  await sleep(between(MIN_EVERY_MS, left, input.everyMs), undefined, { signal: attempt.signal }).catch(() => {
    throw attempt.signal.reason;
  });
}

async function readProgress(dir: string): Promise<Progress> {
  const text = await readIfThere(join(dir, 'progress.json'));
  if (text !== undefined) return JSON.parse(text) as Progress;
  const fresh: Progress = { startedAt: Date.now(), looks: 0 };
  await writeWhole(join(dir, 'progress.json'), JSON.stringify(fresh));
  return fresh;
}

function between(least: number, wanted: number, most: number): number {
  return Math.max(least, Math.min(wanted, most));
}
