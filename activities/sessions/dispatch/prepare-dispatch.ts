import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { DispatchInput } from '../../../contracts/activities';
import type { Workspace } from '../../../contracts/run';
import { renderAttachments } from '../../attachments/render-attachments';
import { failure } from '../../failure';
import { exists, sizeOf, writeOnce } from '../../files/whole-file';
import { agentDir, journalPath, outputPath, readAgentRecord, type AgentRecord } from '../agent-record';
import { logOf, markUsed, recordAgent, takeAgent } from '../agents-at-work';
import { demandAgent, planAgent, sha256 } from '../plan-agent';
import type { SessionPorts } from '../ports';
import type { AgentStart, Dispatch } from '../session-backend';
import type { Slot } from '../slot';
import { composePrompt } from './compose-prompt';
import { headCommit } from './git-facts';
import type { Holder } from './holder';
import { openLedger, type Claim } from './receipts';
import { wasReady } from './was-ready';

const DISPATCH_ID = /^[a-z0-9][a-z0-9_.-]{0,199}$/;

/** The directory of a dispatch. Fails: Path.Escapes for an id that is none. */
export function dispatchDir(home: string, dispatchId: string): string {
  if (DISPATCH_ID.test(dispatchId)) return join(home, 'dispatches', dispatchId);
  throw failure(
    'Path.Escapes',
    `"${dispatchId}" is not a dispatch id: only a-z, 0-9, dots, dashes and underscores are.`,
  );
}

/** Where a dispatch happens: the session it leases, and the worktree as this host has it. */
export interface Place {
  readonly slot: Slot;
  readonly workspace?: Workspace;
}

/**
 * Claim a dispatch, or find it as an earlier attempt left it: the prompt it was given, the agent that gets it, and
 * where it began, stay what they were. Fails: Agent.Unavailable, Secret.Missing, and as attachments do.
 */
export async function prepareDispatch(
  input: DispatchInput,
  { slot, workspace }: Place,
  holder: Holder,
  ports: SessionPorts,
): Promise<Dispatch> {
  const config = demandAgent(ports.agents, input.lease.agent);
  const dir = dispatchDir(ports.home, input.dispatchId);
  const cwd = workspace?.path ?? slot.directory;
  const promptPath = await keepPrompt(dir, input, workspace, ports);
  const wish = planFor(input, slot, cwd, ports);
  const ledger = await openLedger(dir, () => draftClaim(input, wish, { slot, cwd }, ports), ports.onReceipt);
  const { claim } = ledger;
  demandSameInput(claim, input);
  const reused = claim.agentId !== wish.record.id;
  const agent = reused ? await reusedAgent(wish, claim.agentId, ports) : wish;
  const prompt = await readFile(promptPath, 'utf8');
  return {
    id: input.dispatchId,
    dir,
    agent: agent.record.backend === 'headless' ? { ...agent, stdin: prompt } : agent,
    reused,
    wasReady: reused && (await wasReady(agent, claim)),
    ledger,
    holder,
    prompt,
    promptPath,
    limits: { readyMs: config['ready-ms'], acceptMs: config['accept-ms'] },
  };
}

/** An agent of the dispatch's own. Its id is the dispatch's, so that every attempt starts the same one. */
function planFor(input: DispatchInput, slot: Slot, cwd: string, ports: SessionPorts): AgentStart {
  return planAgent(
    {
      id: input.dispatchId,
      agent: input.lease.agent,
      terminal: slot.terminal,
      cwd,
      env: input.env,
      secrets: input.secrets,
      labels: { GANTRY_RUN: input.run.runId, GANTRY_STAGE: input.stage, GANTRY_DISPATCH: input.dispatchId },
      ...(input.backend !== undefined && { backend: input.backend }),
      ...(input.model !== undefined && { model: input.model }),
      ...(input.resume !== undefined && { resume: input.resume.id }),
    },
    ports,
  );
}

async function reusedAgent(wish: AgentStart, id: string, { home }: SessionPorts): Promise<AgentStart> {
  const record = await readAgentRecord(home, id);
  if (record === undefined) throw new Error(`the agent ${id} of a claimed dispatch has no record`);
  return { ...wish, record, dir: agentDir(home, id) };
}

// Written before the claim: a claim always has its prompt. Attachments change while the agent works, so the first
// attempt alone reads them.
async function keepPrompt(
  dir: string,
  input: DispatchInput,
  workspace: Workspace | undefined,
  { readText }: SessionPorts,
): Promise<string> {
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const path = join(dir, 'prompt.md');
  if (await exists(path)) return path;
  const attachments =
    workspace === undefined ? '' : await renderAttachments(input.attachments, workspace, { readText });
  await writeOnce(path, composePrompt(input, attachments));
  return path;
}

async function draftClaim(
  input: DispatchInput,
  wish: AgentStart,
  { slot, cwd }: { readonly slot: Slot; readonly cwd: string },
  ports: SessionPorts,
): Promise<Claim> {
  const waiting = await waitingAgent(input, wish, slot, ports);
  const dir = waiting === undefined ? wish.dir : agentDir(ports.home, waiting.id);
  if (waiting === undefined) {
    await recordAgent(wish);
    await markUsed(wish.dir, input.dispatchId);
  }
  await rm(outputPath(dir), { force: true }); // what an earlier prompt left there is not this one's
  return {
    dispatchId: input.dispatchId,
    agent: input.lease.agent,
    agentId: waiting?.id ?? wish.record.id,
    backend: wish.record.backend,
    session: input.lease.session,
    cwd,
    // A session's own directory may lie in somebody's repository, which is none of the prompt's business.
    startHead: input.workspace === undefined ? '' : await headCommit(cwd),
    journalFrom: await sizeOf(journalPath(dir)),
    logFrom: await sizeOf(logOf(dir, wish.record)),
    inputSha256: inputHash(input),
    claimedAt: Date.now(),
  };
}

/** The agent that is up in the session, if this prompt would have started the same. */
async function waitingAgent(
  input: DispatchInput,
  wish: AgentStart,
  slot: Slot,
  { home }: SessionPorts,
): Promise<AgentRecord | undefined> {
  const current = await slot.current();
  if (current === undefined || wish.record.backend === 'headless') return undefined;
  if (current.fingerprint !== wish.record.fingerprint) return undefined;
  return (await takeAgent(home, current, input.dispatchId, input.resume?.id)) ? current : undefined;
}

// An id that came with another prompt before would answer with that one's work.
function demandSameInput(claim: Claim, input: DispatchInput): void {
  if (claim.inputSha256 === inputHash(input)) return;
  throw failure('Run.Broken', `The dispatch id ${input.dispatchId} was used before, for another prompt.`);
}

function inputHash({ prompt, lease, workspace }: DispatchInput): string {
  return sha256(JSON.stringify([prompt, lease.agent, workspace?.path ?? null]));
}
