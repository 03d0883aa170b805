import type { ProviderReport, Standing } from '../../../contracts/breakers';
import type { LedgerAnswer, LedgerEntry } from '../../../contracts/budgets';
import type { Profile, ProfileSample } from '../../../contracts/profiles';

/** How providers stand, for all workers together. A breaker's name is a provider, or `provider/model`. */
export interface BreakerPort {
  readonly standing: (breaker: string) => Promise<Standing>;
  readonly report: (breaker: string, report: ProviderReport) => Promise<void>;
  readonly takeProbe: (breaker: string, who: string, leaseMs?: number) => Promise<boolean>;
}

/** The organisation's ledger. Entries of one process go together in few updates. */
export interface LedgerPort {
  /** Answered in order. Fails: LedgerUnavailable; then nobody knows whether the entries were booked. */
  readonly book: (entries: readonly LedgerEntry[]) => Promise<readonly LedgerAnswer[]>;
}

export class LedgerUnavailable extends Error {
  override readonly name = 'LedgerUnavailable';
}

/** What was learned of models, some seconds old at most. */
export interface ProfilePort {
  readonly known: () => Promise<readonly Profile[]>;
  /** Sent on by and by; never fails, never waits. */
  readonly learn: (sample: ProfileSample) => void;
}
