import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { Logger } from '@temporalio/common';
import { slug } from '../contracts/ids';
import type { ArtifactStore } from './artifacts/artifact-store';
import type { Git } from './git/git';
import type { Redactor } from './secrets/redactor';
import type { Secrets } from './secrets/secrets';

/** What the activities of a host share. */
export interface Host {
  readonly paths: HostPaths;
  readonly secrets: Secrets;
  readonly redactor: Redactor;
  /** What commands start from: the allowed part of the worker's environment. */
  readonly environment: Readonly<Record<string, string>>;
  readonly artifacts: ArtifactStore;
  readonly git: Git;
  readonly log: Pick<Logger, 'info' | 'warn'>;
}

export type HostPaths = ReturnType<typeof hostPaths>;

/** Where a host keeps what it knows. No id leads out of its folder, whatever it holds. */
export function hostPaths(home: string) {
  const run = (runId: string) => join(home, 'runs', fileName(runId));
  const service = (project: string, name: string) => join(home, 'services', fileName(project), fileName(name));
  return {
    home,
    artifacts: join(home, 'artifacts'),
    runs: join(home, 'runs'),
    ports: join(home, 'ports.json'),
    run,
    commands: (runId: string) => join(run(runId), 'commands'),
    command: (runId: string, executionId: string) => join(run(runId), 'commands', fileName(executionId)),
    check: (runId: string, executionId: string) => join(run(runId), 'checks', fileName(executionId)),
    workspace: (runId: string, stage?: string) =>
      stage === undefined ? join(run(runId), 'workspace') : join(run(runId), 'stage-workspaces', fileName(stage)),
    worktree: (runId: string, stage?: string) =>
      join(home, 'worktrees', stage === undefined ? fileName(runId) : `${fileName(runId)}--${fileName(stage)}`),
    /** Where a directory is put that may hold work and that git can not keep. */
    rescued: (runId: string) => join(home, 'rescued', fileName(runId)),
    mirrors: join(home, 'repos'),
    // The address itself may hold a password, before the host or behind the name, and is hashed only.
    mirror: (url: string) =>
      join(home, 'repos', `${slug(/[^/:@]*$/.exec(url.replace(/[?#].*$/, ''))![0])}-${digest(url)}`),
    refreshes: join(home, 'refreshes'),
    scratch: join(home, 'scratch'),
    lock: (what: string) => join(home, 'locks', fileName(what)),
    service,
    release: (project: string, name: string, releaseId: string) =>
      join(service(project, name), 'releases', fileName(releaseId)),
  };
}

/** A file name for an id: the id itself where that is one, else its slug and a hash, so that distinct ids never meet. */
export function fileName(id: string): string {
  if (/^[a-z0-9][a-z0-9_-]*(?:\.[a-z0-9_-]+)*$/.test(id) && id.length <= 100) return id;
  return `${slug(id, 60)}-${digest(id)}`;
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 12);
}
