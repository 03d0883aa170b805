import { proxyActivities, workflowInfo } from '@temporalio/workflow';
import type { AgentActivities, DispatchInput } from '../../../contracts/activities';
import type { AgentStage } from '../../../contracts/definition';
import { prepareCommand, renderTemplate } from '../../../contracts/expressions';
import { dispatchId } from '../../../contracts/ids';
import type { Workspace } from '../../../contracts/run';
import { agentTaskQueue } from '../../../contracts/task-queues';
import { fault } from '../fault';
import type { StageProduct } from '../run-events';
import { HEARTBEAT_TIMEOUT_MS, LOST_WORKER_RETRY, REALLY_STOPPED } from '../run-context';
import { renderPrompt, resolveAttachments } from './prompts';
import { MARGIN_MS, accepted, type Work } from './work-item';

/** One prompt to one coding agent, which works in the workspace until its contract holds. */
export async function runAgentStage(work: Work<AgentStage>): Promise<StageProduct> {
  const { run, key, stage } = work;
  const workspace = await run.workspaces.forStage(stage, key);
  if (workspace === undefined) throw fault('Definition.Invalid', `Stage "${key}" gives an agent no workspace.`);
  const { dispatchPrompt } = agentsOf(work);
  const result = await dispatchPrompt(dispatchOf(work, workspace));
  if (stage.workspace === 'own') await run.workspaces.integrate(key);
  const tokens = (result.inputTokens ?? 0) + (result.outputTokens ?? 0);
  run.apply({ type: 'spent', key, costUsd: result.costUsd ?? 0, tokens });
  return accepted(work, stage.accept, {
    output: result.output ?? {
      message: 'inline' in result.message ? result.message.inline : result.message.head,
      commits: result.commits,
      head: result.head,
    },
    log: result.log,
    by: `${stage.agent} (${result.backend})`,
    note: result.contract,
  });
}

/** Agents of a kind share a task queue: Temporal orders who waits there by priority, and by project within one. */
function agentsOf({ run, key, stage }: Work<AgentStage>): AgentActivities {
  return proxyActivities<AgentActivities>({
    taskQueue: agentTaskQueue(workflowInfo().taskQueue, stage.agent),
    startToCloseTimeout: stage.timeoutMs + MARGIN_MS,
    heartbeatTimeout: HEARTBEAT_TIMEOUT_MS,
    cancellationType: REALLY_STOPPED,
    retry: LOST_WORKER_RETRY,
    priority: { priorityKey: run.state.priority, fairnessKey: run.input.run.project.slice(0, 64) },
    summary: `${stage.agent}: ${key}`.slice(0, 200),
  });
}

function dispatchOf(work: Work<AgentStage>, workspace: Workspace): DispatchInput {
  const { run, key, stage } = work;
  const { turn, attempt } = run.record(key);
  const scope = run.scope(key);
  const { contract } = stage;
  return {
    run: run.input.run,
    stage: key,
    // Made here, so that a retry of the activity looks for this dispatch instead of typing it again.
    dispatchId: dispatchId(run.runId, key, turn, attempt),
    agent: stage.agent,
    ...(stage.backend === undefined ? {} : { backend: stage.backend }),
    ...(stage.model === undefined ? {} : { model: stage.model }),
    prompt: renderPrompt(work, stage.prompt),
    attachments: resolveAttachments(work, stage.attach),
    workspace,
    env: Object.fromEntries(Object.entries(stage.env).map(([name, value]) => [name, renderTemplate(value, scope)])),
    secrets: stage.secrets,
    contract: {
      ...(contract.minCommits === undefined ? {} : { minCommits: contract.minCommits }),
      ...(contract.maxCommits === undefined ? {} : { maxCommits: contract.maxCommits }),
      clean: contract.clean,
      files: contract.files.map((file) => renderTemplate(file, scope)),
      ...(contract.run === undefined ? {} : { run: prepareCommand(contract.run, scope, { env: {}, secrets: [] }) }),
    },
    ...(stage.output === undefined ? {} : { output: stage.output }),
    timeoutMs: stage.timeoutMs,
  };
}
