import { setCurrentDetails, upsertMemo, workflowInfo } from '@temporalio/workflow';
import {
  NEVER_REPORTED,
  STANDING_MEMO,
  type BreakerInput,
  type BreakerLimits,
  type BreakerView,
} from '../../contracts/breakers';
import { DEFAULT_LIMITS, newBreaker, settle, standingOf } from './breaker';
import { detailsOf } from './details';

/** One execution of a breaker: how it stands, and what of that others have been told. */
export class BreakerContext {
  readonly limits: BreakerLimits;
  breaker: BreakerView;
  /** Something has happened that the workflow has not looked at. */
  woken = false;
  /** {@link Standing} as the memo has it. */
  private mirrored: string;

  constructor(readonly input: BreakerInput) {
    this.limits = { ...DEFAULT_LIMITS, ...input.limits };
    this.breaker = input.carried ?? newBreaker(Date.now());
    this.mirrored = JSON.stringify(workflowInfo().memo?.[STANDING_MEMO] ?? NEVER_REPORTED);
  }

  apply(breaker: BreakerView): void {
    this.breaker = breaker;
    this.wake();
  }

  wake(): void {
    this.woken = true;
  }

  settle(): void {
    this.breaker = settle(this.breaker, Date.now());
  }

  /** The memo costs an event, so it is written on change only; the details of the Web UI cost nothing. */
  publish(): void {
    setCurrentDetails(detailsOf(this.input.provider, this.breaker));
    const standing = standingOf(this.breaker);
    const now = JSON.stringify(standing);
    if (now === this.mirrored) return;
    this.mirrored = now;
    upsertMemo({ [STANDING_MEMO]: standing });
  }

  get idleAt(): number {
    return this.breaker.lastHeardAt + this.limits.idleMs;
  }

  isIdle(): boolean {
    return this.breaker.state === 'closed' && this.idleAt <= Date.now();
  }
}
