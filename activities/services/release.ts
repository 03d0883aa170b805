import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { PreparedCommand } from '../../contracts/activities';
import type { RunRef } from '../../contracts/run';
import { exists, readIfThere, writeOnce, writeWhole } from '../files/whole-file';
import type { Host } from '../host';
import { inspect, startOnce, stopTree, type SupervisedProcess } from '../processes/supervised';
import { secretVariables } from '../secrets/secrets';

/** What is needed to serve a release again as it was. Secrets are named, never written down. */
export interface Release {
  readonly run: RunRef;
  readonly name: string;
  readonly releaseId: string;
  readonly repository: string;
  readonly commit: string;
  readonly command: PreparedCommand;
  readonly port?: number;
  /** The release that was served before this one. */
  readonly replaced?: string;
}

const GRACE_MS = 5_000;

export function placeOf(host: Host, project: string, name: string, releaseId: string): string {
  return host.paths.release(project, name, releaseId);
}

export async function readRelease(place: string): Promise<Release | undefined> {
  const text = await readIfThere(join(place, 'release.json'));
  return text === undefined ? undefined : (JSON.parse(text) as Release);
}

/** What the first try decided; a second one does not decide anew. */
export async function recordRelease(place: string, release: Release): Promise<Release> {
  await mkdir(place, { recursive: true, mode: 0o700 });
  await writeOnce(join(place, 'release.json'), JSON.stringify(release));
  return (await readRelease(place))!;
}

export async function amendRelease(place: string, release: Release): Promise<void> {
  await writeWhole(join(place, 'release.json'), JSON.stringify(release));
}

/** The files of the release's commit, in a directory of its own and without a repository. */
export async function exportTree(host: Host, place: string, { repository, commit }: Release): Promise<void> {
  const tree = treeOf(place);
  if (await exists(tree)) return;
  const draft = `${tree}.draft`;
  await rm(draft, { recursive: true, force: true });
  await mkdir(draft, { recursive: true });
  const index = join(place, 'index');
  const env = { GIT_INDEX_FILE: index, GIT_WORK_TREE: draft, GIT_DIR: await gitDirectory(host, repository) };
  await host.git(draft, ['read-tree', commit], { env });
  await host.git(draft, ['checkout-index', '--all', '--force'], { env });
  await rm(index, { force: true });
  await rename(draft, tree);
}

/** The process that serves a release: the running one, or a new one. */
export async function serve(host: Host, place: string, release: Release): Promise<SupervisedProcess> {
  const dir = await processDirectory(place);
  const script = join(place, 'script');
  await writeWhole(script, release.command.command);
  return startOnce({
    dir,
    argv: ['/bin/sh', '-e', script],
    cwd: treeOf(place),
    env: {
      ...host.environment,
      GANTRY_PROJECT: release.run.project,
      GANTRY_RUN: release.run.runId,
      GANTRY_RELEASE: release.releaseId,
      ...release.command.env,
      ...secretVariables(host.secrets, release.command.secrets),
      ...(release.port !== undefined && { PORT: String(release.port) }),
    },
  });
}

/** Stop everything that serves a release. */
export async function stopServing(place: string): Promise<void> {
  for (const dir of await processes(place)) await stopTree(dir, { graceMs: GRACE_MS });
}

/** A release that was stopped is served again by its next process: a directory sees one process only. */
async function processDirectory(place: string): Promise<string> {
  const all = await processes(place);
  const last = all.at(-1);
  if (last !== undefined && ['running', 'absent'].includes((await inspect(last)).state)) return last;
  return join(place, 'processes', String(all.length + 1).padStart(4, '0'));
}

async function processes(place: string): Promise<string[]> {
  const names = await readdir(join(place, 'processes')).catch(() => []);
  return names.sort().map((name) => join(place, 'processes', name));
}

async function gitDirectory(host: Host, repository: string): Promise<string> {
  return host.git(repository, ['rev-parse', '--absolute-git-dir']);
}

function treeOf(place: string): string {
  return join(place, 'tree');
}
