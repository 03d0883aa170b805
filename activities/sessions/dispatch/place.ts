import { mkdir } from 'node:fs/promises';
import type { DispatchInput, PreparedCommand } from '../../../contracts/activities';
import type { RunRef, Workspace } from '../../../contracts/run';
import type { Attempt } from '../../heartbeat';
import type { Slot } from '../slot';
import type { Place } from './prepare-dispatch';

/** Once a minute the commits of an agent in a worktree of this host's own go to where others can go on with them. */
const CHECKPOINT_MS = 60_000;

/** A worktree that this host makes of a branch of another home's, and what it gives back. */
export interface Visit {
  readonly workspace: Workspace;
  /** Give the commits back. */
  publish(): Promise<{ readonly ref: string; readonly head: string }>;
  /** Keep what there is by now where another host can go on with it. */
  checkpoint(): Promise<unknown>;
  leave(): Promise<void>;
}

export interface VisitInput {
  readonly run: RunRef;
  readonly stage: string;
  readonly dispatchId: string;
  readonly workspace: Workspace;
  readonly setup?: PreparedCommand;
  /** In the directory of the stage's earlier dispatch, where there is one: its conversation goes on. */
  readonly goesOn?: boolean;
}

export interface PlacePorts {
  /** The id of this host's home. */
  readonly homeId: string;
  readonly visit: (input: VisitInput, attempt: Attempt) => Promise<Visit>;
  readonly log: { info(message: string, attributes?: Record<string, unknown>): void };
}

/** Where a dispatch works, and how its commits come back from there. */
export interface WorkPlace extends Place {
  /** Where another home finds the commits; undefined when they are where they belong already. */
  publish(): Promise<string | undefined>;
  leave(how: { readonly keep: boolean }): Promise<void>;
  /** This attempt is over; the place stays. */
  close(): void;
}

/** The run's own worktree where this host can see it, one of this host's own otherwise. */
export async function findPlace(
  input: DispatchInput,
  slot: Slot,
  ports: PlacePorts,
  attempt: Attempt,
): Promise<WorkPlace> {
  const { workspace } = input;
  if (workspace === undefined) {
    await mkdir(slot.directory, { recursive: true, mode: 0o700 });
    return { slot, ...NOTHING_TO_BRING };
  }
  if (workspace.home === undefined || workspace.home === ports.homeId) return { slot, workspace, ...NOTHING_TO_BRING };
  const { run, stage, dispatchId, setup } = input;
  const goesOn = input.resume !== undefined;
  const visit = await ports.visit(
    { run, stage, dispatchId, workspace, goesOn, ...(setup !== undefined && { setup }) },
    attempt,
  );
  const timer = setInterval(() => {
    visit.checkpoint().catch((error: unknown) => ports.log.info('a checkpoint failed', { dispatchId, error }));
  }, CHECKPOINT_MS);
  return {
    slot,
    workspace: visit.workspace,
    publish: async () => (await visit.publish()).ref,
    // A conversation that goes on does so in the directory that it was about.
    leave: ({ keep }) => (keep ? Promise.resolve() : visit.leave()),
    close: () => clearInterval(timer),
  };
}

/** For a dispatch that has ended: only its session matters. */
export function nowhere(slot: Slot): WorkPlace {
  return { slot, ...NOTHING_TO_BRING };
}

const NOTHING_TO_BRING = {
  publish: () => Promise.resolve(undefined),
  leave: () => Promise.resolve(),
  close: () => undefined,
};
