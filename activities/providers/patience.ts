import type { Timeouts } from './model-provider';

/** The longest pauses that are still work, where a provider is not configured otherwise. Node's own fetch waits 300 s. */
export const PATIENCE: Pick<Timeouts, 'firstEventMs' | 'idleMs'> = { firstEventMs: 280_000, idleMs: 120_000 };
