import type { MergeStage } from '../../../contracts/definition';
import { renderTemplate } from '../../../contracts/expressions';
import { fault } from '../fault';
import type { StageProduct } from '../run-events';
import { holdCheck, undoId, type Work } from './work-item';

/** Merge the run's branch into the branch it came from, or another. */
export async function runMergeStage(work: Work<MergeStage>): Promise<StageProduct> {
  const { run, key, stage } = work;
  const workspace = await run.workspaces.forStage(stage, key);
  if (workspace === undefined) throw fault('Definition.Invalid', `Stage "${key}" has no workspace to merge.`);
  const into = stage.into === undefined ? workspace.base : renderTemplate(stage.into, run.scope(key));
  const id = undoId(work, 'merge');
  const mergeId = `${run.runId}/${id}`;
  // Registered before the merge: it may land and the answer be lost. The id in the merge commit finds it again.
  run.apply({
    type: 'undo.registered',
    undo: {
      id,
      stage: key,
      label: `take the merge out of ${into}`,
      action: { kind: 'unmerge', repository: workspace.repository, into, mergeId },
    },
  });
  const message =
    stage.message === undefined ? `Merge ${workspace.branch}` : renderTemplate(stage.message, run.scope(key));
  const { mergeBranch } = run.activities(`${key}: merge ${workspace.branch} into ${into}`);
  const merged = await mergeBranch({ run: run.input.run, workspace, into, message, mergeId });
  const checked = stage.check && (await holdCheck(work, stage.check, workspace));
  return {
    output: { into: merged.into, before: merged.before, after: merged.after, commits: merged.commits },
    note: `${merged.commits} commit${merged.commits === 1 ? '' : 's'} into ${into}${checked === undefined ? '' : ` · ${checked.saw}`}`,
  };
}
