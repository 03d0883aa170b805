import type { CommandResult } from '../../../contracts/activities';
import type { CommandStage } from '../../../contracts/definition';
import { prepareCommand } from '../../../contracts/expressions';
import type { JsonObject } from '../../../contracts/json';
import { formatDuration } from '../../../contracts/duration';
import { fault } from '../fault';
import type { StageProduct } from '../run-events';
import { MARGIN_MS, accepted, executionId, holdCheck, undoId, type Work } from './work-item';

/** A shell command in the workspace, and what must hold afterwards. */
export async function runCommandStage(work: Work<CommandStage>): Promise<StageProduct> {
  const { run, key, stage } = work;
  const workspace = await run.workspaces.forStage(stage, key);
  if (stage.undo !== undefined) {
    run.apply({
      type: 'undo.registered',
      undo: {
        id: undoId(work, 'command'),
        stage: key,
        label: `${stage.id}: ${stage.undo}`,
        action: { kind: 'stage-command' },
      },
    });
  }
  const { runCommand } = run.activities(`${key}: ${stage.run}`, { startToCloseTimeout: stage.timeoutMs + MARGIN_MS });
  const result = await runCommand({
    run: run.input.run,
    executionId: executionId(work),
    command: prepareCommand(stage.run, run.scope(key), { env: stage.env, secrets: stage.secrets }),
    ...(workspace === undefined ? {} : { workspace }),
    timeoutMs: stage.timeoutMs,
    ...(stage.output === undefined ? {} : { output: stage.output }),
  });
  refuseFailure(stage, result);
  const checked = stage.check && (await holdCheck(work, stage.check, workspace));
  if (stage.workspace === 'own') await run.workspaces.integrate(key);
  return accepted(work, stage.accept, {
    output: result.output ?? ({ exitCode: result.exitCode } satisfies JsonObject),
    log: result.log,
    note: checked === undefined ? 'exit code 0' : `exit code 0 · ${checked.saw}`,
  });
}

function refuseFailure(stage: CommandStage, result: CommandResult): void {
  if (result.timedOut) {
    throw fault(
      'Stage.TimedOut',
      `The command ran longer than ${formatDuration(stage.timeoutMs)} and was ended.`,
      result.log,
    );
  }
  if (result.exitCode !== 0) {
    throw fault('Stage.CommandFailed', `The command ended with exit code ${result.exitCode}.`, result.log);
  }
}
