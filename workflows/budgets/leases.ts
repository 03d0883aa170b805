import type { SliceHolder } from '../../contracts/budgets';
import type { NanoDollars } from '../../contracts/money';
import { keyOf } from './accounts';
import type { Books, Ledger, OpenSlice } from './books';
import { endAtEstimate, settle } from './slices';

/** What became of the workflow that holds slices. */
export interface HolderFound {
  readonly workflowId: string;
  /** When it was looked for: slices whose lease ran out later are left alone. */
  readonly askedAt: number;
  readonly open: boolean;
  /** All that it has spent since it began, where that is known. */
  readonly spentNano?: NanoDollars;
}

/** Nobody can ask a process: when it does not renew its lease, all it held may be spent. */
export function lapse(books: Books): void {
  for (const [id, slice] of [...books.slices]) {
    if (slice.holder.kind !== 'process' || slice.leaseUntil > books.at) continue;
    const assumed = Math.max(slice.spentNano, slice.grantedNano);
    endAtEstimate(
      books,
      id,
      slice,
      assumed,
      `was never settled by ${slice.holder.name}, which is not heard of any more`,
    );
  }
}

/** Workflows whose lease has run out: whether they are still at work is to be looked up. */
export function holdersToAsk({ slices }: Ledger, now: number): readonly string[] {
  const asked = [...slices.values()].flatMap((slice) => {
    const workflowId = workflowOf(slice.holder);
    return workflowId !== undefined && slice.leaseUntil <= now ? [workflowId] : [];
  });
  return [...new Set(asked)];
}

/** When the next lease runs out of those that are not being asked about. */
export function nextLease({ slices }: Ledger, isAsked: (workflowId: string) => boolean): number | undefined {
  let next: number | undefined;
  for (const { holder, leaseUntil } of slices.values()) {
    const workflowId = workflowOf(holder);
    if (workflowId !== undefined && isAsked(workflowId)) continue;
    if (next === undefined || leaseUntil < next) next = leaseUntil;
  }
  return next;
}

export function holderFound(books: Books, found: HolderFound, renewMs: number): void {
  const { workflowId, askedAt, open } = found;
  const due = [...books.slices].filter(
    ([, { holder, leaseUntil }]) => workflowOf(holder) === workflowId && leaseUntil <= askedAt,
  );
  if (open) {
    for (const [id, slice] of due) books.slices.set(id, { ...slice, leaseUntil: books.at + renewMs });
    return;
  }
  if (found.spentNano === undefined) {
    for (const [id, slice] of due) {
      const assumed = Math.max(slice.spentNano, slice.grantedNano);
      endAtEstimate(books, id, slice, assumed, `was never settled by ${workflowId}, which has ended`);
    }
    return;
  }
  share(books, due, found.spentNano);
}

/**
 * The workflow has spent so much in all; what its run's account does not have yet was spent from the slices that are still
 * open, and what is more than they held was spent beside them.
 */
function share(books: Books, due: readonly (readonly [string, OpenSlice])[], spentNano: NanoDollars): void {
  let unseen = Math.max(0, spentNano - seenOf(books, due));
  due.forEach(([id, slice], index) => {
    const left = Math.max(0, slice.grantedNano - slice.spentNano);
    const isLast = index === due.length - 1 && slice.scope.run !== undefined;
    const part = isLast ? unseen : Math.min(left, unseen);
    unseen -= part;
    settle(books, { op: 'settle', id, spentNano: slice.spentNano + part });
  });
}

function seenOf({ accounts }: Books, due: readonly (readonly [string, OpenSlice])[]): NanoDollars {
  const run = due[0]?.[1].scope.run;
  const account = run === undefined ? undefined : accounts.get(keyOf({ level: 'run', run }));
  if (account !== undefined) return account.windows.total?.settledNano ?? 0;
  return due.reduce((sum, [, { spentNano }]) => sum + spentNano, 0);
}

function workflowOf(holder: SliceHolder): string | undefined {
  return holder.kind === 'workflow' ? holder.workflowId : undefined;
}
