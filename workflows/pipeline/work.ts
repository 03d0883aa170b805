import { condition, isCancellation } from '@temporalio/workflow';
import type { StageDefinition } from '../../contracts/definition';
import type { StageKey } from '../../contracts/ids';
import type { JsonObject } from '../../contracts/json';
import type { StageFailure } from '../../contracts/run';
import { isMendable, isWorthRetrying, toFault, type Fault } from './fault';
import { askPeople } from './stages/gate';
import { executeStage } from './stages';
import { keysOf } from './plan';
import type { StageProduct } from './run-events';
import type { RunContext } from './run-context';
import { takeBack } from './undoing';

/** One stage, or one matrix cell, from its start to its end: attempts, its own undo, and what its failure means. */
export async function workOn(run: RunContext, stage: StageDefinition, key: StageKey): Promise<void> {
  const turn = run.record(key).turn;
  try {
    const lastFault = wasAsking(run, stage, key) ? undefined : await attempt(run, stage, key, turn);
    if (lastFault === 'done' || lastFault === 'parked') return;
    if (lastFault !== undefined) await fail(run, key, turn, lastFault);
    await afterFailure(run, stage, key);
  } catch (error) {
    if (!isCancellation(error)) throw error;
    await stopped(run, key, turn);
  }
}

/** Try until it works, is not worth another try, or must make way. */
async function attempt(
  run: RunContext,
  stage: StageDefinition,
  key: StageKey,
  turn: number,
): Promise<Fault | 'done' | 'parked'> {
  let because: string | undefined;
  for (;;) {
    const number = run.record(key).attempt + 1;
    const reopened = stage.kind === 'gate' && number > 1;
    if (!reopened) {
      run.apply({ type: 'attempt.started', key, attempt: number, ...(because === undefined ? {} : { because }) });
    }
    const outcome = await tryOnce(run, stage, key);
    if ('product' in outcome) {
      run.apply({ type: 'stage.succeeded', key, turn, product: outcome.product });
      return 'done';
    }
    const { fault } = outcome;
    because = `${fault.failure.type}: ${fault.failure.message.slice(0, 200)}`;
    if (number >= attemptsOf(stage) || !isWorthRetrying(fault.failure.type)) return fault;
    const delay = fault.retryAfterMs ?? stage.retry.delayMs * 2 ** (number - 1);
    const parked = await condition(() => run.mustPark, delay, {
      summary: `${key}: next attempt after ${fault.failure.type}`,
    });
    if (parked || run.mustPark) {
      run.apply({ type: 'stage.stopped', key, turn, status: run.state.stop === undefined ? 'pending' : 'cancelled' });
      return 'parked';
    }
  }
}

/** Model calls are tried again by Temporal, from provider to provider; everything else is counted here. */
function attemptsOf(stage: StageDefinition): number {
  return stage.kind === 'prompt' ? 1 : stage.retry.attempts;
}

type Outcome = { readonly product: StageProduct } | { readonly fault: Fault };

function tryOnce(run: RunContext, stage: StageDefinition, key: StageKey): Promise<Outcome> {
  return executeStage({ run, key, stage }).then(
    (product) => ({ product }),
    (error: unknown) => ({ fault: toFault(error) }),
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

async function afterFailure(run: RunContext, stage: StageDefinition, key: StageKey): Promise<void> {
  const failure = run.record(key).failure;
  if (failure === undefined || run.state.stop !== undefined) return;
  const policy = stage.onFailure;
  if (policy.action === 'continue') return run.apply({ type: 'stage.tolerated', key, who: 'gantry' });
  if (policy.action === 'fail') return giveUp(run, key, failure);
  const used = run.state.fixes[stage.id] ?? 0;
  if (isMendable(failure.type) && used < policy.attempts) {
    return sendBack(run, stage.id, policy.stages, failure, policy.attempts);
  }
  if (policy.then === 'continue') return run.apply({ type: 'stage.tolerated', key, who: 'gantry' });
  if (policy.then === 'fail') return giveUp(run, key, failure);
  await letPeopleDecide(run, stage, key, failure);
}

function giveUp(run: RunContext, key: StageKey, failure: StageFailure): void {
  const rollsBack = run.input.definition.onFailure === 'rollback';
  if (rollsBack) run.stop({ kind: 'rollback', who: 'gantry' }, failure);
  else run.stop({ kind: 'failed', stage: key }, failure);
}

/** Back to the stages that can mend it, and everything that followed from them, with the evidence. */
function sendBack(
  run: RunContext,
  failed: string,
  fixing: readonly string[],
  failure: StageFailure,
  limit: number,
): void {
  run.apply({ type: 'fix', failed, fixing, failure, limit });
  resetFrom(run, fixing);
}

/** Make stages and all that follow from them pending again; what of them is at work is ended first. */
export function resetFrom(run: RunContext, stages: readonly string[]): void {
  const ids = new Set(stages.flatMap((id) => [id, ...run.graph.descendants(id)]));
  const keys = [...ids].flatMap((id) => keysOf(run.state, id));
  run.apply({ type: 'reset', keys });
  run.interrupt(keys);
}

async function letPeopleDecide(
  run: RunContext,
  stage: StageDefinition,
  key: StageKey,
  failure: StageFailure,
): Promise<void> {
  const fixes = run.state.fixes[stage.id] ?? 0;
  const message = `"${key}" still fails after ${fixes} fix${fixes === 1 ? '' : 'es'} (${failure.message}). Go on without it?`;
  run.apply({ type: 'stage.asking', key, asking: true });
  const outcome = await askPeople(run, key, { approvers: ['*'], min: 1, onTimeout: 'reject', openIn: [] }, message);
  if (outcome.outcome === 'approved') {
    return run.apply({ type: 'stage.tolerated', key, who: outcome.votes.map((one) => one.who).join(', ') });
  }
  run.apply({ type: 'stage.asking', key, asking: false });
  giveUp(run, key, failure);
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
