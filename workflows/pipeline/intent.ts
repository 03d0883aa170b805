import type { StageRecord } from '../../contracts/run';
import { stageIdOf } from '../../contracts/ids';
import { isSettled } from './plan';
import type { RunContext } from './run-context';

/** How a run begins: anew, or from what an earlier execution of it left. The client has checked that it may. */
export function startOver(run: RunContext): void {
  const { intent, startedBy, carried } = run.input;
  if (carried === undefined || intent === undefined) {
    return run.apply({ type: 'audit', what: 'run.started', who: startedBy, text: run.input.definition.name });
  }
  switch (intent.kind) {
    case 'resume':
      run.apply({ type: 'audit', what: 'run.resumed', who: startedBy, text: 'from its finished stages' });
      return run.forget((record) => !isSettled(record.status));
    case 'retry': {
      const again = new Set([intent.from, ...run.graph.descendants(intent.from)]);
      run.apply({
        type: 'audit',
        what: 'run.retried',
        who: startedBy,
        stage: intent.from,
        text: `from ${intent.from}`,
      });
      return run.forget((record: StageRecord) => again.has(stageIdOf(record.key)) || !isSettled(record.status));
    }
    case 'rollback':
      return run.stop({ kind: 'rollback', who: startedBy, ...(intent.to === undefined ? {} : { to: intent.to }) });
  }
}
