import { mkdirSync, realpathSync } from 'node:fs';
import type { Logger } from '@temporalio/common';
import type {
  CommandActivities,
  FleetActivities,
  ServiceActivities,
  UndoActivities,
  WorkProgress,
  WorkspaceActivities,
} from '../contracts/activities';
import type { JsonObject } from '../contracts/json';
import { createArtifactStore } from './artifacts/artifact-store';
import { awaitCheck } from './commands/await-check';
import { runCommand } from './commands/run-command';
import { createGit } from './git/git';
import { mergeBranch } from './git/merge-branch';
import { withHeartbeat, type Attempt } from './heartbeat';
import { hostPaths, type Host } from './host';
import { commandEnvironment } from './secrets/command-environment';
import { createRedactor } from './secrets/redactor';
import type { Secrets } from './secrets/secrets';
import { startService } from './services/start-service';
import { undo } from './undo';
import { integrateStageWorkspace } from './workspaces/integrate-stage-workspace';
import { publishBranch } from './workspaces/publish-branch';
import { prepareStageWorkspace, prepareWorkspace } from './workspaces/prepare-workspace';
import { receiveWork } from './workspaces/receive-work';
import { removeWorkspace } from './workspaces/remove-workspace';

export type HostActivities = WorkspaceActivities &
  CommandActivities &
  ServiceActivities &
  UndoActivities &
  Pick<FleetActivities, 'publishBranch' | 'receiveWork'>;

export interface HostOptions {
  /** The directory in which this host keeps everything; made when it is missing. */
  readonly home: string;
  readonly secrets: Secrets;
  /** The worker's environment. Only its harmless part reaches commands and git. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly log: Pick<Logger, 'info' | 'warn'>;
}

/** Everything a host does besides agents and models: worktrees, commands, checks, services, undos. */
export function createHostActivities(options: HostOptions): HostActivities {
  const host = createHost(options);
  return {
    prepareWorkspace: beating((input, attempt) => prepareWorkspace(host, input, attempt)),
    prepareStageWorkspace: beating((input) => prepareStageWorkspace(host, input)),
    integrateStageWorkspace: beating((input) => integrateStageWorkspace(host, input)),
    removeWorkspace: beating((input) => removeWorkspace(host, input)),
    mergeBranch: beating((input) => mergeBranch(host, input)),
    runCommand: beating((input, attempt) => runCommand(host, input, attempt)),
    awaitCheck: beating((input, attempt) => awaitCheck(host, input, attempt)),
    startService: beating((input) => startService(host, input)),
    undo: beating((input, attempt) => undo(host, input, attempt)),
    publishBranch: beating((input) => publishBranch(host, input)),
    receiveWork: beating((input) => receiveWork(host, input)),
  };
}

export function createHost({ home, secrets, environment, log }: HostOptions): Host {
  mkdirSync(home, { recursive: true, mode: 0o700 });
  // Git names worktrees by their real path, and so do we.
  const paths = hostPaths(realpathSync(home));
  const redactor = createRedactor(secrets.all());
  const allowed = commandEnvironment(environment);
  return {
    paths,
    secrets,
    redactor,
    environment: allowed,
    artifacts: createArtifactStore(paths.artifacts),
    git: createGit(allowed, redactor),
    log,
  };
}

/** Heartbeat for as long as the activity takes, whatever it does. */
function beating<I, O>(work: (input: I, attempt: Attempt) => Promise<O>): (input: I) => Promise<O> {
  return (input) => {
    const startedAt = Date.now();
    let says = (): string => '';
    const details = (): JsonObject => {
      const progress: WorkProgress = { forSeconds: Math.round((Date.now() - startedAt) / 1_000), says: says() };
      return { ...progress };
    };
    const tell = (read: () => string): void => void (says = read);
    return withHeartbeat(details, (attempt) => work(input, { ...attempt, tell }));
  };
}
