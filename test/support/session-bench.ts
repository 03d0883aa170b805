import { join } from 'node:path';
import type { MockActivityEnvironment } from '@temporalio/testing';
import type {
  CommandResult,
  DispatchAsks,
  DispatchInput,
  DispatchResult,
  RunCommandInput,
} from '../../contracts/activities';
import { agentsConfig } from '../../contracts/schemas/agents';
import { createArtifactStore } from '../../activities/artifacts/artifact-store';
import { createRedactor } from '../../activities/secrets/redactor';
import { createSecrets } from '../../activities/secrets/secrets';
import { SessionHost } from '../../activities/sessions/hosts/session-host';
import type { SessionPorts } from '../../activities/sessions/ports';
import { createSessionActivities, sessionBackends } from '../../activities/sessions/session-activities';

export interface BenchPorts {
  readonly home: string;
  readonly socket: string;
  readonly agents: unknown;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly secrets?: Readonly<Record<string, string>>;
  readonly runCommand?: (input: RunCommandInput) => Promise<CommandResult>;
  readonly onReceipt?: (name: string) => void;
}

/** What a host of a bench works with: real files, tmux and processes, and no other machine. */
export function benchPorts(options: BenchPorts): SessionPorts {
  const { home, socket, environment } = options;
  const store = createArtifactStore(join(home, 'artifacts'));
  const secrets = createSecrets(options.secrets ?? {});
  const tmux = { socket };
  return {
    home,
    host: 'here',
    homeId: 'home',
    tmux,
    environment,
    secrets,
    agents: agentsConfig.parse(options.agents),
    storeText: (text) => store.storeText(text),
    readText: (text) => store.readText(text),
    redactor: createRedactor(secrets.all()),
    runCommand: options.runCommand ?? (() => Promise.reject(new Error('no command here'))),
    visit: () => Promise.reject(new Error('no other home here')),
    providers: {
      standing: () => Promise.resolve({ state: 'closed', generation: 0 }),
      report: () => Promise.resolve(),
    },
    backends: sessionBackends({ tmux, environment }),
    onReceipt: options.onReceipt ?? (() => undefined),
    log: { info: () => undefined },
  };
}

/** A host with ten sessions unless said, as its last process left it. */
export async function openBenchHost(ports: SessionPorts, size = { min: 0, max: 10 }): Promise<SessionHost> {
  const pools = [{ pool: 'a', agent: 'a', ...size }];
  const folder = join(ports.home, 'hosts', ports.host);
  const host = await SessionHost.open({ host: ports.host, taskQueue: 'q', pools, folder }, ports);
  host.stand('a', { mayStart: true });
  return host;
}

/** Lease the session that a dispatch names, and make one attempt. */
export async function dispatchOnHost(
  host: SessionHost,
  input: DispatchInput,
  environment: MockActivityEnvironment,
): Promise<DispatchResult | DispatchAsks> {
  const { run, stage, dispatchId, lease } = input;
  const prefer = { host: lease.host, session: lease.session };
  await host.reserve({ leaseId: lease.id, pool: lease.pool, run, stage, dispatchId, prefer });
  const { sessions } = createSessionActivities(host, new Promise<never>(() => undefined));
  return environment.run(sessions.dispatchPrompt, input);
}
