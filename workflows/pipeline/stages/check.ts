import type { CheckStage } from '../../../contracts/definition';
import type { StageProduct } from '../run-events';
import { holdCheck, type Work } from './work-item';

/** Watch that something holds, for as long as it must. */
export async function runCheckStage(work: Work<CheckStage>): Promise<StageProduct> {
  const workspace = await work.run.workspaces.forStage(work.stage, work.key);
  const checked = await holdCheck(work, work.stage.check, workspace);
  return {
    output: { looks: checked?.looks ?? 0 },
    note: `${checked?.saw ?? ''} · looked ${checked?.looks ?? 0} times`,
  };
}
