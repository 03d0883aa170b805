import { log, setCurrentDetails, upsertMemo, workflowInfo } from '@temporalio/workflow';
import {
  LEDGER_MEMO,
  type LedgerActivities,
  type LedgerInput,
  type LedgerLimits,
  type LedgerAlert,
  type LedgerStanding,
} from '../../contracts/budgets';
import { newLedger, type Ledger } from './books';
import { takeOver, type CarriedLedger } from './carry';
import { detailsOf } from './details';
import { looked, pass } from './ledger';
import { holdersToAsk, nextLease } from './leases';
import { standingOf } from './view';
import { nextTurn, startOf } from './windows';

export const DEFAULT_LIMITS: LedgerLimits = {
  historyEvents: 2_000,
  batch: 200,
  renewMs: 15 * 60_000,
  memoMs: 10_000,
};

/** Holders that are looked for at once. */
const LOOKS = 4;
/** A lease that runs out is seen to this much later at most, so that many of them wake the ledger once. */
const LEASES_TOGETHER_MS = 500;

/** One execution of a ledger: what stands in it, who is being looked for, and what others have been told. */
export class LedgerContext {
  readonly limits: LedgerLimits;
  ledger: Ledger;
  /** Something has happened that the workflow has not looked at. */
  woken = false;
  private turnsAt: number;
  private readonly asked = new Set<string>();
  private mirrored: LedgerStanding | undefined;

  constructor(readonly input: LedgerInput) {
    const { carried, organisation, limits } = input;
    this.limits = { ...DEFAULT_LIMITS, ...limits };
    this.ledger = carried === undefined ? newLedger(organisation, Date.now()) : takeOver(carried as CarriedLedger);
    this.turnsAt = startOf('day', this.ledger.at);
    this.mirrored = workflowInfo().memo?.[LEDGER_MEMO] as LedgerStanding | undefined;
  }

  apply(ledger: Ledger): void {
    this.ledger = ledger;
    this.wake();
  }

  wake(): void {
    this.woken = true;
  }

  /** Windows turn, and leases run out. */
  pass(): void {
    const now = Date.now();
    if (now < this.turnsAt && now < (this.leaseAt ?? Infinity)) return;
    this.ledger = pass(this.ledger, now);
    this.turnsAt = nextTurn(now);
  }

  /** Ask after workflows whose lease has run out, a few at a time. */
  look({ lookAtHolder }: LedgerActivities): void {
    const now = Date.now();
    for (const workflowId of holdersToAsk(this.ledger, now)) {
      if (this.asked.size >= LOOKS) return;
      if (this.asked.has(workflowId)) continue;
      this.asked.add(workflowId);
      void lookAtHolder({ workflowId })
        .catch((error: unknown) => {
          // Nobody knows yet: it keeps its slices, and is asked after again.
          log.warn('a holder of slices could not be looked for', { workflowId, error });
          return { open: true };
        })
        .then((found) => {
          this.asked.delete(workflowId);
          this.apply(looked(this.ledger, { workflowId, askedAt: now, ...found }, Date.now(), this.limits.renewMs));
        });
    }
  }

  /** The memo costs an event, so it follows at a distance; the details of the Web UI cost nothing. */
  publish(): void {
    setCurrentDetails(detailsOf(this.ledger));
    const now = Date.now();
    const standing = standingOf(this.ledger, now);
    if (isSame(standing, this.mirrored)) return;
    if (isUrgent(standing, this.mirrored) || now >= this.memoAt) {
      for (const alert of newAlerts(standing, this.mirrored)) log.warn('a budget is nearly spent', { ...alert });
      this.mirrored = standing;
      upsertMemo({ [LEDGER_MEMO]: standing });
    }
  }

  standing(): LedgerStanding {
    return standingOf(this.ledger, Date.now());
  }

  /** When the ledger has something to do, if nothing else happens. */
  nextAt(): { readonly at: number; readonly summary: string } {
    const times = [
      { at: this.turnsAt, summary: 'until a window begins anew' },
      { at: (this.leaseAt ?? Infinity) + LEASES_TOGETHER_MS, summary: 'until a lease runs out' },
      { at: isSame(this.standing(), this.mirrored) ? Infinity : this.memoAt, summary: 'until the memo is written' },
    ];
    return times.reduce((first, one) => (one.at < first.at ? one : first));
  }

  private get memoAt(): number {
    return (this.mirrored?.at ?? 0) + this.limits.memoMs;
  }

  private get leaseAt(): number | undefined {
    // One that waits for its turn to be asked after is woken for by the answer of another one.
    return nextLease(this.ledger, (workflowId) => this.asked.has(workflowId) || this.asked.size >= LOOKS);
  }
}

function isSame(standing: LedgerStanding, mirrored: LedgerStanding | undefined): boolean {
  return textOf(standing) === (mirrored === undefined ? undefined : textOf(mirrored));
}

function textOf({ alertAt, windows, alerts }: LedgerStanding): string {
  return JSON.stringify([alertAt, windows, alerts]);
}

/** Limits and alerts are seen at once, sums a little later. */
/** Those that nobody was told of. */
function newAlerts({ alerts }: LedgerStanding, mirrored: LedgerStanding | undefined): readonly LedgerAlert[] {
  const newest = Math.max(0, ...(mirrored?.alerts ?? []).map(({ alertedAt }) => alertedAt));
  return alerts.filter(({ alertedAt }) => alertedAt > newest);
}

function isUrgent({ alertAt, windows, alerts }: LedgerStanding, mirrored: LedgerStanding | undefined): boolean {
  const words = (standing: Pick<LedgerStanding, 'alertAt' | 'windows' | 'alerts'>): string =>
    JSON.stringify([
      standing.alertAt,
      standing.windows.map(({ window, startsAt, limitNano }) => [window, startsAt, limitNano]),
      standing.alerts.map(({ level, account, window, alertedAt }) => [level, account, window, alertedAt]),
    ]);
  return words({ alertAt, windows, alerts }) !== (mirrored === undefined ? undefined : words(mirrored));
}
