import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Host } from '../host';
import { amendRelease, placeOf, readRelease, stopServing, type Release } from './release';
import { currentRelease, restore, withService } from './start-service';

export interface StopService {
  readonly project: string;
  readonly name: string;
  readonly releaseId: string;
}

/**
 * Take a release out of service, and serve what it replaced again. Says in words what was done; does nothing where
 * the release never was.
 */
export async function stopService(host: Host, { project, name, releaseId }: StopService): Promise<string> {
  return withService(host, project, name, async () => {
    const place = placeOf(host, project, name, releaseId);
    const release = await readRelease(place);
    if (release === undefined) return `release ${releaseId} of ${name} was not there`;
    await stopServing(place);
    const served = await currentRelease(host, project, name);
    // A later release took its place: that one goes on, and falls back past this one.
    const successor = await findSuccessor(host, project, name, releaseId);
    if (successor !== undefined) await amendRelease(successor.place, withReplaced(successor.release, release.replaced));
    const wasServed = served === undefined || served === releaseId || served === release.replaced;
    if (wasServed) await restore(host, project, name, release.replaced);
    await rm(place, { recursive: true, force: true });
    const instead = wasServed ? (release.replaced ?? 'nothing') : served;
    return `release ${releaseId} of ${name} is stopped; ${instead} is served`;
  });
}

function withReplaced({ replaced: _, ...release }: Release, replaced: string | undefined): Release {
  return replaced === undefined ? release : { ...release, replaced };
}

async function findSuccessor(host: Host, project: string, name: string, releaseId: string) {
  const releases = join(host.paths.service(project, name), 'releases');
  for (const entry of await readdir(releases).catch(() => [])) {
    const release = await readRelease(join(releases, entry));
    if (release?.replaced === releaseId) return { place: join(releases, entry), release };
  }
  return undefined;
}
