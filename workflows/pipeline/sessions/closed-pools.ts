import { ActivityFailure } from '@temporalio/workflow';
import type { ClosedPool } from '../../../contracts/activities';
import type { AgentStage } from '../../../contracts/definition';
import type { Work } from '../stages/work-item';
import { fleetNearby } from './activities';

/** The longest time between two looks. */
const LOOK_AT_LEAST_EVERY_MS = 10 * 60_000;

/**
 * Which pools take no prompts now. Each look costs events, so a prompt that is leased a session at once has none, and
 * one that waits for long looks ever more rarely.
 */
export class ClosedPools {
  /** When to look. At once where this very prompt was turned away before. */
  lookAt: number;
  private everyMs: number;
  private seen: readonly ClosedPool[] = [];

  constructor(private readonly work: Work<AgentStage>) {
    const { closedLookMs } = work.run.limits;
    this.everyMs = closedLookMs;
    this.lookAt = Date.now() + (this.avoids.length > 0 ? 0 : closedLookMs);
  }

  get known(): readonly ClosedPool[] {
    return [...this.seen, ...this.avoids];
  }

  async look(): Promise<void> {
    const { stage } = this.work;
    try {
      this.seen = await fleetNearby().closedPools({ pools: stage.pools });
    } catch (error) {
      // What was seen before is the best there is to go by.
      if (!(error instanceof ActivityFailure)) throw error;
    }
    this.everyMs = Math.min(this.everyMs * 4, LOOK_AT_LEAST_EVERY_MS);
    this.lookAt = Date.now() + this.everyMs;
  }

  private get avoids(): readonly ClosedPool[] {
    return this.work.run.record(this.work.key).avoids ?? [];
  }
}
