import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { IntegrateResult, RemoveWorkspaceResult } from '../../contracts/activities';
import type { RunRef, Workspace } from '../../contracts/run';
import type { WorkspaceClaim } from '../../contracts/undo';
import { namesIn } from '../files/names-in';
import { readIfThere, writeOnce, writeWhole } from '../files/whole-file';
import type { Host } from '../host';

/** What a host writes down of a workspace, so that a second try of each activity answers as the first would have. */
interface Notes {
  /** What it is, decided before anything of it is made. */
  readonly planned: Workspace;
  /** The worktree was made as a whole: from now on it may hold work. */
  readonly made: true;
  readonly integrated: IntegrateResult;
  readonly removed: RemoveWorkspaceResult;
  /** Whose it is, for the sweeper: as long as this note stands, something of the workspace may. */
  readonly owner: WorkspaceOwner;
  /** Refs of the run that may be at its origin, and since when it is known that they cannot be removed there. */
  readonly published: { readonly refs: readonly string[]; readonly failingSince?: number };
  /** Work of other homes that was or is being merged, by its ref, and where the branch was before. */
  readonly received: Readonly<Record<string, { readonly head: string; readonly before: string }>>;
  /** A commit that another home has, or that is at the origin: nobody has to keep it here. */
  readonly held: string;
  /** The visit whose worktree this one goes on in. */
  readonly continues: WorkspaceClaim;
}

export interface WorkspaceOwner {
  readonly run: RunRef;
  readonly claim: WorkspaceClaim;
  /** Epoch milliseconds. */
  readonly since: number;
}

/** Every workspace of this host that was begun and not yet removed, by the run it belongs to. */
export async function listOwners(host: Host): Promise<WorkspaceOwner[]> {
  const owners: WorkspaceOwner[] = [];
  for (const place of await placesOf(host)) {
    const text = await readIfThere(join(place, 'owner.json'));
    if (text !== undefined) owners.push(JSON.parse(text) as WorkspaceOwner);
  }
  return owners;
}

async function placesOf(host: Host): Promise<string[]> {
  const runs = await namesIn(host.paths.runs);
  const places = runs.map(async (run) => {
    const stages = join(host.paths.runs, run, 'stage-workspaces');
    return [join(host.paths.runs, run, 'workspace'), ...(await namesIn(stages)).map((stage) => join(stages, stage))];
  });
  return (await Promise.all(places)).flat();
}

export async function readNote<K extends keyof Notes>(
  host: Host,
  claim: WorkspaceClaim,
  name: K,
): Promise<Notes[K] | undefined> {
  const text = await readIfThere(join(placeOf(host, claim), `${name}.json`));
  return text === undefined ? undefined : (JSON.parse(text) as Notes[K]);
}

export async function writeNote<K extends keyof Notes>(
  host: Host,
  claim: WorkspaceClaim,
  name: K,
  note: Notes[K],
): Promise<void> {
  await mkdir(placeOf(host, claim), { recursive: true, mode: 0o700 });
  await writeWhole(join(placeOf(host, claim), `${name}.json`), JSON.stringify(note));
}

/** The plan of the first try, whichever that was. */
export async function planOnce(host: Host, claim: WorkspaceClaim, plan: Workspace): Promise<Workspace> {
  await mkdir(placeOf(host, claim), { recursive: true, mode: 0o700 });
  await writeOnce(join(placeOf(host, claim), 'planned.json'), JSON.stringify(plan));
  return (await readNote(host, claim, 'planned'))!;
}

export async function eraseNotes(host: Host, claim: WorkspaceClaim, ...names: (keyof Notes)[]): Promise<void> {
  for (const name of names) await rm(join(placeOf(host, claim), `${name}.json`), { force: true });
}

function placeOf(host: Host, { runId, stage }: WorkspaceClaim): string {
  return host.paths.workspace(runId, stage);
}
