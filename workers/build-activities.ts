import type { NativeConnection } from '@temporalio/worker';
import type { Logger } from 'pino';
import { createArtifactStore } from '../activities/artifacts/artifact-store';
import { createHostActivities } from '../activities/host-activities';
import { createModelActivities } from '../activities/models/create-model-activities';
import { loadPipeline } from '../activities/pipelines/load-pipeline';
import { configureProviders } from '../activities/providers/configure';
import type { Redactor } from '../activities/secrets/redactor';
import type { Secrets } from '../activities/secrets/secrets';
import { createAgentActivities } from '../activities/sessions/agent-activities';
import { hostPaths } from '../activities/host';
import type { Activities, AgentActivities } from '../contracts/activities';
import { createRunActivities } from './other-runs';
import type { WorkerSettings } from './settings';

export interface WorkerEnvironment {
  readonly settings: WorkerSettings;
  readonly secrets: Secrets;
  readonly redactor: Redactor;
  readonly log: Logger;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly connection: NativeConnection;
  readonly namespace: string;
}

/** Every activity, over the ports of this host. */
export async function buildActivities(
  parts: WorkerEnvironment,
): Promise<{ activities: Activities; agents: AgentActivities }> {
  const { settings, secrets, redactor, environment } = parts;
  const { home } = settings;
  const log = portLog(parts.log);
  const { storeText, readText } = createArtifactStore(hostPaths(home).artifacts);
  const host = createHostActivities({ home, secrets, environment, log });
  const { providers, notes } = await configureProviders(environment);
  log.info('model providers', { providers: providers.map((provider) => provider.name), notes });
  const models = createModelActivities({
    providers,
    readText,
    storeText,
    redact: (text) => redactor.redact(text),
    log,
  });
  const agents = createAgentActivities({
    home,
    tmux: { socket: settings.tmuxSocket },
    agents: settings.agents,
    runCommand: host.runCommand,
    storeText,
    readText,
    redactor,
    secrets,
    environment,
    log,
  });
  return {
    activities: { ...host, ...models, loadPipeline, ...createRunActivities(parts.connection, parts.namespace) },
    agents,
  };
}

/** pino takes the attributes first; the ports take the sentence first. */
function portLog(log: Logger): Record<'info' | 'warn', (message: string, attributes?: object) => void> {
  return {
    info: (message, attributes = {}) => log.info(attributes, message),
    warn: (message, attributes = {}) => log.warn(attributes, message),
  };
}
