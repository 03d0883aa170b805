import type { NativeConnection } from '@temporalio/worker';
import type { Logger } from 'pino';
import { createArtifactStore } from '../activities/artifacts/artifact-store';
import { storingLargeOutput } from '../activities/artifacts/large-outputs';
import { withHeartbeat } from '../activities/heartbeat';
import { createHost, createHostActivities, type HostActivities } from '../activities/host-activities';
import { createModelActivities } from '../activities/models/create-model-activities';
import { loadPipeline } from '../activities/pipelines/load-pipeline';
import { configureProviders } from '../activities/providers/configure';
import type { Redactor } from '../activities/secrets/redactor';
import type { Secrets } from '../activities/secrets/secrets';
import { createAgentActivities } from '../activities/sessions/agent-activities';
import { endDispatchesIn } from '../activities/sessions/end-dispatches';
import { hostPaths } from '../activities/host';
import { listOwners } from '../activities/workspaces/workspace-record';
import type { Activities, AgentActivities } from '../contracts/activities';
import type { WorkspaceClaim } from '../contracts/undo';
import { createOtherRuns } from './other-runs';
import type { WorkerSettings } from './settings';
import type { SweepPorts } from './sweep';

export interface WorkerEnvironment {
  readonly settings: WorkerSettings;
  readonly secrets: Secrets;
  readonly redactor: Redactor;
  readonly log: Logger;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly connection: NativeConnection;
  readonly namespace: string;
}

export interface Built {
  readonly activities: Activities;
  readonly agents: AgentActivities;
  readonly sweeping: Pick<SweepPorts, 'owners' | 'standingOf'>;
}

/** Every activity, over the ports of this host. */
export async function buildActivities(parts: WorkerEnvironment): Promise<Built> {
  const { settings, secrets, redactor, environment } = parts;
  const { home } = settings;
  const log = portLog(parts.log);
  const { storeText, readText } = createArtifactStore(hostPaths(home).artifacts);
  const hostOptions = { home, secrets, environment, log };
  const host = createHostActivities(hostOptions);
  const { providers, notes } = await configureProviders(environment);
  log.info('model providers', { providers: providers.map((provider) => provider.name), notes });
  const models = createModelActivities({
    providers,
    readText,
    storeText,
    redact: (text) => redactor.redact(text),
    log,
  });
  const sessions = { home, tmux: { socket: settings.tmuxSocket }, agents: settings.agents, environment };
  const agents = createAgentActivities({
    ...sessions,
    runCommand: host.runCommand,
    storeText,
    readText,
    redactor,
    secrets,
    log,
  });
  const otherRuns = createOtherRuns(parts.connection, parts.namespace);
  const endAgents = (claim: WorkspaceClaim): Promise<unknown> =>
    endDispatchesIn(hostPaths(home).worktree(claim.runId, claim.stage), sessions);
  return {
    activities: {
      ...host,
      ...removingAgentsFirst(host, endAgents),
      runCommand: storingLargeOutput(host.runCommand, storeText),
      callModel: storingLargeOutput(models.callModel, storeText),
      loadPipeline,
      ...otherRuns.activities,
    },
    agents: { dispatchPrompt: storingLargeOutput(agents.dispatchPrompt, storeText) },
    sweeping: { owners: () => listOwners(createHost(hostOptions)), standingOf: otherRuns.standingOf },
  };
}

/** An agent whose cancellation no worker was there to see works on until its worktree goes: it ends first. */
function removingAgentsFirst(
  host: HostActivities,
  endAgents: (claim: WorkspaceClaim) => Promise<unknown>,
): Pick<Activities, 'removeWorkspace' | 'undo'> {
  const first = <T>(claim: WorkspaceClaim, next: () => Promise<T>): Promise<T> =>
    withHeartbeat(
      () => ({ removing: claim.branch }),
      async () => {
        await endAgents(claim);
        return next();
      },
    );
  return {
    removeWorkspace: (input) => first(input.claim, () => host.removeWorkspace(input)),
    undo: (input) =>
      input.action.kind === 'remove-workspace'
        ? first(input.action.workspace, () => host.undo(input))
        : host.undo(input),
  };
}

/** pino takes the attributes first; the ports take the sentence first. */
function portLog(log: Logger): Record<'info' | 'warn', (message: string, attributes?: object) => void> {
  return {
    info: (message, attributes = {}) => log.info(attributes, message),
    warn: (message, attributes = {}) => log.warn(attributes, message),
  };
}
