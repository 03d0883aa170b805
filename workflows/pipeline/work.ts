import { condition, isCancellation } from '@temporalio/workflow';
import type { StageDefinition } from '../../contracts/definition';
import type { StageKey } from '../../contracts/ids';
import type { JsonObject } from '../../contracts/json';
import type { StageRecord } from '../../contracts/run';
import { afterFailure } from './after-failure';
import { isWorthRetrying, toFault, type Fault } from './fault';
import { mayTryAgain, pauseBefore } from './sessions/memory';
import { Parked } from './parked';
import { executeStage } from './stages';
import type { StageProduct } from './run-events';
import type { RunContext } from './run-context';
import { takeBack } from './undoing';

/** One stage, or one matrix cell, from its start to its end: attempts, its own undo, and what its failure means. */
export async function workOn(run: RunContext, stage: StageDefinition, key: StageKey): Promise<void> {
  const turn = run.record(key).turn;
  try {
    let next: Next = wasAsking(run, stage, key) ? 'ask' : 'try';
    while (next !== 'end') {
      if (next === 'try') {
        const fault = await attempt(run, stage, key, turn);
        if (fault === 'done' || fault === 'parked') return;
        await fail(run, key, turn, fault);
      }
      next = await afterFailure(run, stage, key);
    }
  } catch (error) {
    if (!isCancellation(error)) throw error;
    await stopped(run, key, turn);
  }
}

type Next = 'try' | 'ask' | 'end';

/** Try until it works, is not worth another try, or must make way. */
async function attempt(
  run: RunContext,
  stage: StageDefinition,
  key: StageKey,
  turn: number,
): Promise<Fault | 'done' | 'parked'> {
  let because: string | undefined;
  for (;;) {
    const goesOn = wasPutDown(run, stage, key);
    const number = run.record(key).attempt + (goesOn ? 0 : 1);
    if (!goesOn) {
      run.apply({ type: 'attempt.started', key, attempt: number, ...(because === undefined ? {} : { because }) });
    }
    const outcome = await tryOnce(run, stage, key);
    if ('parked' in outcome) return putDown(run, key, turn);
    if ('product' in outcome) {
      run.apply({ type: 'stage.succeeded', key, turn, product: outcome.product });
      return 'done';
    }
    const { fault } = outcome;
    because = `${fault.failure.type}: ${fault.failure.message.slice(0, 200)}`;
    const record = run.record(key);
    if (number >= attemptsOf(stage, record) || !isWorthAnother(stage, record, fault)) return fault;
    const delay = askedToWait(stage, record, fault) ?? stage.retry.delayMs * 2 ** (number - 1);
    const parked = await condition(() => run.mustPark, delay, {
      summary: `${key}: next attempt after ${fault.failure.type}`,
    });
    if (parked || run.mustPark) return putDown(run, key, turn);
  }
}

function putDown(run: RunContext, key: StageKey, turn: number): 'parked' {
  run.apply({ type: 'stage.stopped', key, turn, status: run.state.stop === undefined ? 'pending' : 'cancelled' });
  return 'parked';
}

/** Put down while it only waited, for people, a session or a provider: the attempt goes on. */
function wasPutDown(run: RunContext, stage: StageDefinition, key: StageKey): boolean {
  const { attempt: number, waitsIn } = run.record(key);
  return waitsIn !== undefined || run.state.asking?.[key] !== undefined || (stage.kind === 'gate' && number > 0);
}

/** A stage that asks models counts its calls itself: from provider to provider they are one attempt. */
function attemptsOf(stage: StageDefinition, { granted = 0 }: StageRecord): number {
  return stage.kind === 'prompt' ? 1 : stage.retry.attempts + granted;
}

function isWorthAnother(stage: StageDefinition, record: StageRecord, fault: Fault): boolean {
  return stage.kind === 'agent' ? mayTryAgain(stage, record, fault) : isWorthRetrying(fault.failure.type);
}

function askedToWait(stage: StageDefinition, record: StageRecord, fault: Fault): number | undefined {
  return stage.kind === 'agent' ? pauseBefore(stage, record, fault) : fault.retryAfterMs;
}

type Outcome = { readonly product: StageProduct } | { readonly fault: Fault } | { readonly parked: true };

function tryOnce(run: RunContext, stage: StageDefinition, key: StageKey): Promise<Outcome> {
  return executeStage({ run, key, stage }).then(
    (product) => ({ product }),
    (error: unknown) => (error instanceof Parked ? { parked: true } : { fault: toFault(error) }),
  );
}

/** What the failed turn did to the world is taken back before anybody decides what comes next. */
async function fail(run: RunContext, key: StageKey, turn: number, { failure }: Fault): Promise<void> {
  const undos = run.state.undos.filter((undo) => undo.id.startsWith(`${key}#${turn}/`));
  await takeBack(run, undos);
  run.apply({ type: 'stage.failed', key, turn, failure, product: {} });
}

async function stopped(run: RunContext, key: StageKey, turn: number): Promise<void> {
  const { stop } = run.state;
  // Interrupted to continue as new, or to make way for a fix: the record says so already, or is still pending.
  const status = stop === undefined ? 'pending' : 'cancelled';
  run.apply({ type: 'stage.stopped', key, turn, status });
  if (stop?.kind !== 'timeout' && stop?.kind !== 'failed') return;
  await takeBack(
    run,
    run.state.undos.filter((undo) => undo.id.startsWith(`${key}#${turn}/`)),
  );
}

/** The gate of a stage that gave up was open when the run continued as new. */
function wasAsking(run: RunContext, stage: StageDefinition, key: StageKey): boolean {
  return stage.kind !== 'gate' && run.state.gates[key] !== undefined && run.record(key).failure !== undefined;
}

/** Begin a stage, or go on with one that was put down for continue-as-new. */
export function enter(run: RunContext, stage: StageDefinition, key: StageKey, matrix: JsonObject | undefined): void {
  run.apply({
    type: 'stage.entered',
    key,
    kind: stage.kind,
    waits: stage.kind === 'gate',
    ...(matrix === undefined ? {} : { matrix }),
  });
  run.begin(key, () => workOn(run, stage, key));
}
