import type { AgentStage, GatePolicy, StageDefinition } from '../../contracts/definition';
import type { StageKey } from '../../contracts/ids';
import type { StageFailure } from '../../contracts/run';
import { askPeople } from './ask-people';
import { isMendable } from './fault';
import { keysOf } from './plan';
import type { RunContext } from './run-context';
import { OF_THE_SESSION } from './sessions/failures';

/** What the failure of a stage means for it: another round of attempts, a fix turn, going on without it, or the end. */
export async function afterFailure(run: RunContext, stage: StageDefinition, key: StageKey): Promise<'try' | 'end'> {
  const failure = run.record(key).failure;
  if (failure === undefined || run.state.stop !== undefined) return 'end';
  if (failure.type === 'Budget.Exhausted') {
    run.stop({ kind: 'budget' }, failure);
    return 'end';
  }
  const policy = stage.onFailure;
  const used = run.state.fixes[stage.id] ?? 0;
  if (policy.action === 'fix' && isMendable(failure.type) && used < policy.attempts) {
    sendBack(run, stage.id, policy.stages, failure, policy.attempts);
    return 'end';
  }
  const last = policy.action === 'fix' ? policy.then : policy.action;
  if (last === 'continue') run.apply({ type: 'stage.tolerated', key, who: 'gantry' });
  else if (last === 'gate') await letPeopleDecide(run, stage, key, failure);
  else if (policy.action === 'fail' && stage.kind === 'agent' && OF_THE_SESSION.has(failure.type)) {
    return letPeopleGrantMore(run, stage, key, failure);
  } else giveUp(run, key, failure);
  return 'end';
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
  const policy: GatePolicy = { approvers: ['*'], min: 1, onTimeout: 'reject', openIn: [] };
  const outcome = await askPeople(run, { key, gate: key, policy, message });
  if (outcome.outcome === 'approved') {
    return run.apply({ type: 'stage.tolerated', key, who: outcome.votes.map((one) => one.who).join(', ') });
  }
  run.apply({ type: 'stage.asking', key, asking: false });
  giveUp(run, key, failure);
}

/** It was not the work that failed: people may know that its sessions are well again. Nobody's silence buys attempts. */
async function letPeopleGrantMore(
  run: RunContext,
  stage: AgentStage,
  key: StageKey,
  failure: StageFailure,
): Promise<'try' | 'end'> {
  const { attempts } = stage.retry;
  const tried = counted(run.record(key).attempt, 'attempt');
  const message = `"${key}" failed after ${tried} (${failure.type}: ${failure.message}) Try ${counted(attempts, 'more time')}?`;
  run.apply({ type: 'stage.asking', key, asking: true });
  const policy: GatePolicy = { ...stage.questions, onTimeout: 'reject', openIn: [] };
  const { outcome } = await askPeople(run, { key, gate: key, policy, message });
  if (outcome === 'approved') {
    run.apply({ type: 'attempts.granted', key });
    return 'try';
  }
  run.apply({ type: 'stage.asking', key, asking: false });
  giveUp(run, key, failure);
  return 'end';
}

function counted(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? '' : 's'}`;
}
