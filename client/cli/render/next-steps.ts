import { ERRORS } from '../../../contracts/errors';
import { isEnd, type RunStatus, type RunView } from '../../../contracts/run';
import { harmless, type Paint } from './paint';

/** How the run ended and what a person can do now; nothing while it simply runs. */
export function nextSteps(view: RunView, paint: Paint): string[] {
  const id = view.run.runId;
  const steps = [...undoSteps(view), ...(STEPS[view.status]?.(id, view) ?? []), ...servedSteps(view)];
  return [
    ...failureLine(view, paint),
    ...steps.map((step) => step.replace(/`([^`]+)`/g, (_, text: string) => paint.cyan(text))),
  ];
}

function undoSteps({ run, status, undos }: RunView): string[] {
  const failed = undos.filter(({ outcome }) => outcome === 'failed').length;
  if (failed === 0 || !isEnd(status)) return [];
  return [
    `${failed} of ${undos.length} effects could not be taken back.`,
    `Mend what is in their way and try again with \`gantry rollback ${run.runId}\`.`,
  ];
}

/** A service outlives its run: how it is stopped is part of how the run ended. */
function servedSteps({ run, status, stages }: RunView): string[] {
  if (!isEnd(status)) return [];
  return stages.flatMap(({ key, kind, status: state, output }, index) => {
    if (kind !== 'service' || state !== 'succeeded') return [];
    const { port, pid } = (output ?? {}) as { readonly port?: number | null; readonly pid?: number };
    const where = [port == null ? '' : `port ${port}`, pid === undefined ? '' : `process ${pid}`].filter(Boolean);
    const before = stages
      .slice(0, index)
      .findLast((stage) => stage.status === 'succeeded')
      ?.key.replace(/\[.*$/, '');
    const stop = `gantry rollback ${run.runId}${before === undefined ? '' : ` --to ${before}`}`;
    const keeps = before === undefined ? '' : `; that keeps ${before} and what it needs`;
    return [
      `${key} serves${where.length > 0 ? ` (${where.join(', ')})` : ''} until a later run replaces it.`,
      `Stop it with \`${stop}\`${keeps}.`,
    ];
  });
}

function failureLine({ failure, stages }: RunView, paint: Paint): string[] {
  // A stage's own failure stands under the stage already.
  if (!failure || stages.some((stage) => stage.failure?.message === failure.message)) return [];
  const { fixer } = ERRORS[failure.type];
  const whose = fixer === 'gantry' || fixer === 'nobody' ? '' : ` (for the ${fixer === 'person' ? 'approver' : fixer})`;
  return [paint.red(`${harmless(failure.message)}${whose}`)];
}

const again = (id: string, view: RunView) => [
  `What finished is kept. Go on with \`gantry resume ${id}\`${retryStep(id, view)}, or take it back with \`gantry rollback ${id}\`.`,
  `Why: \`gantry logs ${id}${failedStage(view) ? ` ${failedStage(view)}` : ''}\``,
];

const STEPS: Partial<Record<RunStatus, (id: string, view: RunView) => string[]>> = {
  PAUSED: (id) => [`Paused: what runs ends, nothing new begins. Go on with \`gantry resume ${id}\`.`],
  WAITING: (id, view) =>
    // A gate that is open has said what to do.
    view.gates.some(({ outcome }) => outcome === undefined)
      ? []
      : [`See what it waits for with \`gantry audit ${id}\`.`],
  PARTIAL_SUCCESS: again,
  TIMEOUT: again,
  BUDGET_EXHAUSTED: again,
  SYSTEM_FAILURE: (id, view) => [
    `Why: \`gantry logs ${id}${failedStage(view) ? ` ${failedStage(view)}` : ''}\` and \`gantry audit ${id}\`.`,
  ],
  COMPLETED_DEGRADED: (id, view) => [`Every stage ran and some failure was tolerated${retryStep(id, view)}.`],
};

function retryStep(id: string, view: RunView): string {
  const stage = failedStage(view);
  return stage === undefined ? '' : `, again from a stage with \`gantry retry ${id} --from ${stage}\``;
}

function failedStage({ stages }: RunView): string | undefined {
  const failed = stages.find(({ status }) => status === 'failed' || status === 'tolerated');
  return failed?.key.replace(/\[.*$/, '');
}
