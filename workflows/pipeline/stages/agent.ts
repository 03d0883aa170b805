import type { AgentStage } from '../../../contracts/definition';
import { prepareCommand, renderTemplate } from '../../../contracts/expressions';
import type { Workspace } from '../../../contracts/run';
import type { Conversation } from '../../../contracts/sessions';
import type { Text } from '../../../contracts/text';
import type { StageProduct } from '../run-events';
import { setupOf } from '../workspaces';
import { sendPrompt, type Dispatch } from '../sessions/send-prompt';
import { renderPrompt, resolveAttachments } from './prompts';
import { accepted, type Work } from './work-item';

/** One prompt to one coding agent, which works until its contract holds. */
export async function runAgentStage(work: Work<AgentStage>): Promise<StageProduct> {
  const { run, key, stage } = work;
  const workspace = await run.workspaces.forStage(stage, key);
  const { lease, result } = await sendPrompt(work, workspace, (resume) => dispatchOf(work, workspace, resume));
  if (stage.workspace === 'own') await run.workspaces.integrate(key);
  const tokens = (result.inputTokens ?? 0) + (result.outputTokens ?? 0);
  run.apply({ type: 'spent', key, by: 'agent', costUsd: result.costUsd ?? 0, tokens });
  return accepted(work, stage.accept, {
    output: result.output ?? { message: saidLast(result.message), commits: result.commits, head: result.head },
    log: result.log,
    by: `${lease.agent} (${result.backend})`,
    note: result.contract,
  });
}

function saidLast(message: Text): string {
  return 'inline' in message ? message.inline : message.head;
}

function dispatchOf(
  work: Work<AgentStage>,
  workspace: Workspace | undefined,
  resume: Conversation | undefined,
): Dispatch {
  const { run, key, stage } = work;
  const scope = run.scope(key);
  const setup = setupOf(run);
  const isCutOff = resume !== undefined && run.record(key).interrupted === true;
  return {
    run: run.input.run,
    stage: key,
    ...(stage.backend === undefined ? {} : { backend: stage.backend }),
    ...(stage.model === undefined ? {} : { model: stage.model }),
    prompt: renderPrompt(work, stage.prompt, isCutOff),
    attachments: resolveAttachments(work, stage.attach),
    ...(workspace === undefined ? {} : { workspace }),
    ...(workspace === undefined || setup === undefined ? {} : { setup }),
    env: Object.fromEntries(Object.entries(stage.env).map(([name, value]) => [name, renderTemplate(value, scope)])),
    secrets: stage.secrets,
    contract: contractOf(work),
    ...(stage.output === undefined ? {} : { output: stage.output }),
    timeoutMs: stage.timeoutMs,
    stuckMs: stage.stuckMs,
    keep: stage.conversation === 'keep',
  };
}

function contractOf({ run, key, stage: { contract } }: Work<AgentStage>): Dispatch['contract'] {
  const scope = run.scope(key);
  return {
    ...(contract.minCommits === undefined ? {} : { minCommits: contract.minCommits }),
    ...(contract.maxCommits === undefined ? {} : { maxCommits: contract.maxCommits }),
    clean: contract.clean,
    files: contract.files.map((file) => renderTemplate(file, scope)),
    ...(contract.run === undefined ? {} : { run: prepareCommand(contract.run, scope, { env: {}, secrets: [] }) }),
  };
}
