import type { ServiceStage } from '../../../contracts/definition';
import { prepareCommand, renderTemplate } from '../../../contracts/expressions';
import { keySlug } from '../../../contracts/ids';
import { fault } from '../fault';
import type { StageProduct } from '../run-events';
import { holdCheck, undoId, type Work } from './work-item';

/** Serve a release of the branch in place of the one before it, and see that it is healthy. */
export async function runServiceStage(work: Work<ServiceStage>): Promise<StageProduct> {
  const { run, key, stage } = work;
  const workspace = await run.workspaces.forStage(stage, key);
  if (workspace === undefined) throw fault('Definition.Invalid', `Stage "${key}" has no workspace to serve.`);
  const scope = run.scope(key);
  const { turn, attempt } = run.record(key);
  const releaseId = `${run.runId}-${keySlug(key)}-${turn}-${attempt}`;
  run.apply({
    type: 'undo.registered',
    undo: {
      id: undoId(work, `service-${attempt}`),
      stage: key,
      label: `stop service ${stage.name} and serve what it replaced`,
      action: { kind: 'stop-service', project: run.input.run.project, name: stage.name, releaseId },
    },
  });
  const port = stage.port === undefined ? undefined : portNumber(stage, renderTemplate(stage.port, scope));
  const { startService } = run.activities(`${key}: start service ${stage.name}`);
  const started = await startService({
    run: run.input.run,
    name: stage.name,
    releaseId,
    command: prepareCommand(stage.run, scope, { env: stage.env, secrets: stage.secrets }),
    workspace,
    ...(port === undefined ? {} : { port }),
  });
  const checked = stage.check && (await holdCheck(work, stage.check, workspace));
  return {
    output: { pid: started.pid, commit: started.commit, port: port ?? null, release: releaseId },
    note: checked === undefined ? `serves ${started.commit.slice(0, 8)}` : checked.saw,
  };
}

function portNumber(stage: ServiceStage, text: string): number {
  const port = Number(text);
  if (Number.isInteger(port) && port > 0 && port < 65_536) return port;
  throw fault('Expression.Failed', `port of service ${stage.name} must be 1 to 65535, got "${text}".`);
}
