import type { NativeConnection } from '@temporalio/worker';
import type { Logger } from 'pino';
import { createLedgerActivities } from '../activities/budgets/create-ledger-activities';
import { createArtifactStore } from '../activities/artifacts/artifact-store';
import { storingLargeOutput } from '../activities/artifacts/large-outputs';
import { withHeartbeat } from '../activities/heartbeat';
import { createEvaluationActivities } from '../activities/evaluation/create-evaluation-activities';
import { createHost, createHostActivities, type HostActivities } from '../activities/host-activities';
import { createModelActivities } from '../activities/models/create-model-activities';
import { loadPipeline } from '../activities/pipelines/load-pipeline';
import type { Redactor } from '../activities/secrets/redactor';
import type { Secrets } from '../activities/secrets/secrets';
import { endAgentsIn, type AtWorkPorts } from '../activities/sessions/agents-at-work';
import { providerOfAgent } from '../activities/sessions/provider-of-agent';
import type { SessionPorts } from '../activities/sessions/ports';
import { sessionBackends } from '../activities/sessions/session-activities';
import { hostPaths } from '../activities/host';
import { homeId } from '../activities/workspaces/home-id';
import { visitWorkspace } from '../activities/workspaces/visit-workspace';
import { listOwners } from '../activities/workspaces/workspace-record';
import type { Activities, FleetActivities, SessionActivities } from '../contracts/activities';
import type { LedgerActivities } from '../contracts/budgets';
import type { WorkspaceClaim } from '../contracts/undo';
import type { Breakers } from './doors/breakers';
import { createHolders } from './doors/holders';
import { portLog } from './logger';
import { createModels, type Models } from './models';
import { createOtherRuns, type OtherRuns } from './doors/other-runs';
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
  readonly breakers: Breakers;
}

export interface Built {
  readonly activities: Activities & LedgerActivities;
  readonly models: Models;
  readonly sessionPorts: SessionPorts;
  /** A session's answers go through here: what is too long for a history is stored. */
  readonly wrapSessions: (activities: SessionActivities) => SessionActivities;
  readonly otherRuns: OtherRuns;
  readonly sweeping: Pick<SweepPorts, 'owners' | 'standingOf'>;
}

/** Every activity of a run, and what sessions work with, over the ports of this host. */
export async function buildActivities(parts: WorkerEnvironment): Promise<Built> {
  const { settings, secrets, redactor, environment } = parts;
  const { home } = settings;
  const log = portLog(parts.log);
  const { storeText, readText } = createArtifactStore(hostPaths(home).artifacts);
  const hostOptions = { home, secrets, environment, log };
  const host = createHost(hostOptions);
  const hostActivities = createHostActivities(hostOptions);
  const redact = (text: string): string => redactor.redact(text);
  const { connection, namespace, breakers } = parts;
  const models = await createModels({
    ...{ environment, connection, namespace, breakers, redact },
    taskQueue: settings.taskQueue,
    log: parts.log,
  });
  const modelActivities = createModelActivities({ ...models, readText, storeText, redact, log });
  const tmux = { socket: settings.tmuxSocket };
  const { agents } = settings;
  const sessionPorts: SessionPorts = {
    ...{ home, host: settings.host, homeId: await homeId(home), tmux, agents, environment, secrets, redactor, log },
    ...{ storeText, readText, runCommand: hostActivities.runCommand },
    backends: sessionBackends({ tmux, environment }),
    visit: (input, attempt) => visitWorkspace(host, input, attempt),
    providers: parts.breakers,
    onReceipt: (receipt) => log.info('receipt of a dispatch', { receipt }),
  };
  const otherRuns = createOtherRuns(parts.connection, parts.namespace);
  const endAgents = (claim: WorkspaceClaim): Promise<unknown> =>
    endAgentsIn(hostPaths(home).worktree(claim.runId, claim.stage), sessionPorts);
  return {
    activities: {
      ...hostActivities,
      ...removingAgentsFirst(hostActivities, endAgents),
      ...fleetActivities(parts, sessionPorts),
      runCommand: storingLargeOutput(hostActivities.runCommand, storeText),
      ...modelActivities,
      callModel: storingLargeOutput(modelActivities.callModel, storeText),
      ...createEvaluationActivities({ readText, profiles: models.profiles }),
      ...createLedgerActivities(createHolders(parts)),
      loadPipeline,
      ...otherRuns.activities,
    },
    models,
    sessionPorts,
    wrapSessions: (activities) => ({
      ...activities,
      dispatchPrompt: storingLargeOutput(activities.dispatchPrompt, storeText),
    }),
    otherRuns,
    sweeping: { owners: () => listOwners(host), standingOf: otherRuns.standingOf },
  };
}

/** What runs ask about the sessions of all hosts. */
function fleetActivities(
  { settings, breakers }: WorkerEnvironment,
  ports: AtWorkPorts,
): Pick<FleetActivities, 'fenceDispatch' | 'closedPools'> {
  return {
    fenceDispatch: ({ workspace }) =>
      withHeartbeat(
        () => ({ ending: workspace?.path ?? '' }),
        async () => ({ ended: workspace === undefined ? [] : await endAgentsIn(workspace.path, ports) }),
      ),
    closedPools: async ({ pools }) => {
      const standings = await Promise.all(
        pools.map(async (pool) => ({ pool, ...(await breakers.standing(providerOfPool(pool, settings))) })),
      );
      return standings
        .filter(({ state }) => state === 'open' || state === 'isolated')
        .map(({ pool, why = 'its provider takes nothing now', until }) => ({
          ...{ pool, why },
          ...(until !== undefined && { until }),
        }));
    },
  };
}

/** Pools of other hosts are not configured here: their agent is taken to be the one they are named after. */
function providerOfPool(pool: string, { pools, agents }: WorkerSettings): string {
  const agent = pools.find((one) => one.pool === pool)?.agent;
  const named = Object.keys(agents)
    .filter((name) => pool === name || pool.startsWith(`${name}-`))
    .sort((a, b) => b.length - a.length)[0];
  return providerOfAgent(agents, agent ?? named ?? pool);
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
