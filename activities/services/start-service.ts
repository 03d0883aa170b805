import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { StartServiceInput, StartServiceResult } from '../../contracts/activities';
import { tailOf } from '../../contracts/text';
import { keepLog } from '../commands/execute';
import { failure } from '../failure';
import { readIfThere, writeWhole } from '../files/whole-file';
import { withLock } from '../files/lock';
import { branchRef, demandCommit } from '../git/names';
import type { Host } from '../host';
import type { SupervisedProcess } from '../processes/supervised';
import { exportTree, placeOf, readRelease, recordRelease, serve, stopServing, type Release } from './release';

/** A service that lives this long has started; whether it is healthy is its check's question. */
const EARLY_MS = 1_000;
const EVIDENCE_LINES = 4_000;

/** {@link ServiceActivities.startService} */
export async function startService(host: Host, input: StartServiceInput): Promise<StartServiceResult> {
  const { project } = input.run;
  return withService(host, project, input.name, async () => {
    const place = placeOf(host, project, input.name, input.releaseId);
    const release = (await readRelease(place)) ?? (await recordRelease(place, await plan(host, input)));
    await exportTree(host, place, release);
    if (release.replaced !== undefined) await stopServing(placeOf(host, project, input.name, release.replaced));
    const process = await serve(host, place, release);
    const pid = await pidUnlessOver(process);
    if (pid === undefined) throw await giveUp(host, place, release, process);
    await setCurrent(host, project, input.name, release.releaseId);
    return { pid, commit: release.commit, ...(release.replaced !== undefined && { replaced: release.replaced }) };
  });
}

/** The release that is served under a name, if one is. */
export async function currentRelease(host: Host, project: string, name: string): Promise<string | undefined> {
  const text = await readIfThere(join(host.paths.service(project, name), 'current'));
  return text === undefined || text === '' ? undefined : text;
}

export async function setCurrent(host: Host, project: string, name: string, releaseId: string | undefined) {
  await writeWhole(join(host.paths.service(project, name), 'current'), releaseId ?? '');
}

export function withService<T>(host: Host, project: string, name: string, work: () => Promise<T>): Promise<T> {
  return withLock(host.paths.lock(`service ${project}/${name}`), work);
}

/** Serve a release again that was stopped for another one. */
export async function restore(host: Host, project: string, name: string, releaseId: string | undefined) {
  const place = releaseId === undefined ? undefined : placeOf(host, project, name, releaseId);
  const release = place === undefined ? undefined : await readRelease(place);
  if (place !== undefined && release !== undefined) await serve(host, place, release);
  await setCurrent(host, project, name, release?.releaseId);
}

async function plan(
  host: Host,
  { run, name, releaseId, command, workspace, port }: StartServiceInput,
): Promise<Release> {
  const { repository, branch } = workspace;
  const commit = await demandCommit(host.git, repository, await branchRef(host.git, repository, branch));
  const current = await currentRelease(host, run.project, name);
  const replaced = current === releaseId ? undefined : current;
  return {
    run,
    name,
    releaseId,
    repository,
    commit,
    command,
    ...(port !== undefined && { port }),
    ...(replaced !== undefined && { replaced }),
  };
}

async function pidUnlessOver(process: SupervisedProcess): Promise<number | undefined> {
  await process.waitForExit(AbortSignal.timeout(EARLY_MS)).catch((error: Error) => {
    if (error.name !== 'TimeoutError') throw error;
  });
  const now = await process.inspect();
  return now.state === 'running' ? now.pid : undefined;
}

/** Back to what was served before, with the reason. */
async function giveUp(host: Host, place: string, release: Release, process: SupervisedProcess): Promise<Error> {
  const end = await process.inspect();
  await stopServing(place);
  const log = await keepLog(host, process.logPath);
  await restore(host, release.run.project, release.name, release.replaced);
  await rm(place, { recursive: true, force: true });
  const how = end.state === 'exited' ? `exit code ${end.exitCode}` : 'no exit code';
  const words = tailOf(log, EVIDENCE_LINES).trim();
  const message = `Service ${release.name} ended within ${EARLY_MS} ms, with ${how}${words === '' ? ' and without a word' : `: ${headline(words)}`}`;
  return failure('Service.NotStarted', message, { evidence: { inline: words } });
}

/** The line that says what is wrong: programs print it before their stack, and much else after it. */
function headline(log: string): string {
  const lines = log.split('\n');
  return lines.find((line) => /\b\w*error\b|EADDRINUSE/i.test(line)) ?? lines.at(-1) ?? '';
}
