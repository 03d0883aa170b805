import { createHash } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { DispatchInput } from '../../../contracts/activities';
import { slug } from '../../../contracts/ids';
import type { AgentConfig, AgentsConfig } from '../../../contracts/schemas/agents';
import { renderAttachments } from '../../attachments/render-attachments';
import { failure } from '../../failure';
import { writeOnce } from '../../files/whole-file';
import { agentEnvironment } from '../agent-environment';
import type { AgentKind } from '../agents/agent-kind';
import { makeAgent } from '../agents/make-agent';
import type { SessionPorts } from '../session-activities';
import { composePrompt } from './compose-prompt';
import { headCommit } from './git-facts';
import type { Holder } from './holder';
import { openLedger, type Claim } from './receipts';
import type { Dispatch, SessionName } from '../session-backend';

const DISPATCH_ID = /^[a-z0-9][a-z0-9_.-]{0,199}$/;

/** The directory of a dispatch. Fails: Path.Escapes for an id that is none. */
export function dispatchDir(home: string, dispatchId: string): string {
  if (DISPATCH_ID.test(dispatchId)) return join(home, 'dispatches', dispatchId);
  throw failure(
    'Path.Escapes',
    `"${dispatchId}" is not a dispatch id: only a-z, 0-9, dots, dashes and underscores are.`,
  );
}

/**
 * Claim a dispatch, or find it as an earlier attempt left it: the prompt it was given, and where it began, stay what
 * they were. Fails: Agent.Unavailable, Secret.Missing, and as attachments do.
 */
export async function prepareDispatch(input: DispatchInput, holder: Holder, ports: SessionPorts): Promise<Dispatch> {
  const config = demandAgent(ports.agents, input.agent);
  const kind = makeAgent(config);
  const dir = dispatchDir(ports.home, input.dispatchId);
  const promptPath = await keepPrompt(dir, input, ports);
  const ledger = await openLedger(dir, () => draftClaim(input, config, kind), ports.onReceipt);
  demandSameInput(ledger.claim, input);
  const context = {
    backend: ledger.claim.backend,
    dispatchId: input.dispatchId,
    sessionUuid: uuidOf(input.dispatchId),
    ...(input.model !== undefined && { model: input.model }),
  };
  const launch = kind.start(context);
  return {
    id: input.dispatchId,
    dir,
    processDir: processDir(dir),
    kind,
    ledger,
    holder,
    cwd: input.workspace.path,
    argv: launch.argv,
    env: agentEnvironment({ input, config, launch, passes: kind.passes, dir }, ports.environment, ports.secrets),
    prompt: await readFile(promptPath, 'utf8'),
    promptPath,
    limits: { readyMs: config['ready-ms'], acceptMs: config['accept-ms'], graceMs: config['grace-ms'] },
  };
}

/** What it takes to end the session of a claim, whether the agent is still configured or not. */
export function sessionName(dir: string, claim: Claim, agents: AgentsConfig): SessionName {
  const config = agents[claim.agent];
  const key = config && makeAgent(config).terminal?.interrupt;
  return {
    dispatchId: claim.dispatchId,
    session: claim.session,
    processDir: processDir(dir),
    graceMs: config?.['grace-ms'] ?? 5_000,
    ...(key !== undefined && { interruptKey: key }),
  };
}

function demandAgent(agents: AgentsConfig, name: string): AgentConfig {
  const config = agents[name];
  if (config !== undefined && Object.hasOwn(agents, name)) return config;
  const known = Object.keys(agents).join(', ') || 'none';
  throw failure('Agent.Unavailable', `No agent "${name}" is configured on this host (configured: ${known}).`);
}

// Written before the claim: a claim always has its prompt. Attachments change while the agent works, so the first
// attempt alone reads them.
async function keepPrompt(dir: string, input: DispatchInput, { readText }: SessionPorts): Promise<string> {
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const path = join(dir, 'prompt.md');
  const known = await readFile(path).then(
    () => true,
    () => false,
  );
  if (known) return path;
  const attachments = await renderAttachments(input.attachments, input.workspace, { readText });
  await writeOnce(path, composePrompt(input, attachments));
  return path;
}

async function draftClaim(input: DispatchInput, config: AgentConfig, kind: AgentKind): Promise<Claim> {
  const backend = input.backend ?? config.backend;
  if (!kind.backends.includes(backend)) {
    const has = kind.backends.join(' or ');
    throw failure('Agent.Unavailable', `The agent "${input.agent}" (${kind.name}) runs ${has} only, not ${backend}.`);
  }
  return {
    dispatchId: input.dispatchId,
    agent: input.agent,
    backend,
    session: `${slug(input.dispatchId, 48)}-${sha256(input.dispatchId).slice(0, 6)}`,
    cwd: input.workspace.path,
    startHead: await headCommit(input.workspace.path),
    inputSha256: inputHash(input),
    claimedAt: Date.now(),
  };
}

// An id that came with another prompt before would answer with that one's work.
function demandSameInput(claim: Claim, input: DispatchInput): void {
  if (claim.inputSha256 === inputHash(input)) return;
  throw failure('Run.Broken', `The dispatch id ${input.dispatchId} was used before, for another prompt.`);
}

function inputHash({ prompt, agent, workspace }: DispatchInput): string {
  return sha256(JSON.stringify([prompt, agent, workspace.path]));
}

function processDir(dir: string): string {
  return join(dir, 'process');
}

/** A uuid that is the same for every attempt of a dispatch. */
function uuidOf(dispatchId: string): string {
  const hex = sha256(dispatchId);
  return [hex.slice(0, 8), hex.slice(8, 12), `5${hex.slice(13, 16)}`, `a${hex.slice(17, 20)}`, hex.slice(20, 32)].join(
    '-',
  );
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
