import type { Logger } from 'pino';
import type { BreakerPort } from '../../activities/models/client/ports';
import type { ModelClient, Purse } from '../../activities/models/client/model-client';
import type { ModelProvider } from '../../activities/providers/model-provider';
import { PATIENCE } from '../../activities/providers/patience';
import type { BudgetScope } from '../../contracts/budgets';
import type { ModelConfig } from '../../contracts/config/model-config';
import type { Audit } from './audit';
import type { Keys } from './keys';
import type { Metrics } from './metrics';

/** What the gateway works with. */
export interface GatewayPorts {
  readonly config: ModelConfig;
  readonly keys: Keys;
  /** Who is asked, and whether now; books how it went. */
  readonly models: ModelClient;
  /** Where money comes from that is counted there; undefined: nothing is counted. */
  readonly purseOf: (scope: BudgetScope) => Purse | undefined;
  /** How those are reached that routes lead to. */
  readonly providers: readonly ModelProvider[];
  readonly breakers: BreakerPort;
  /** How long the last call of each provider took, for people. */
  readonly latencies: Map<string, { readonly ms: number; readonly at: number }>;
  /** Why the ledger of budgets cannot be asked; undefined: it answers, or nothing is counted. */
  readonly ledgerTrouble: () => Promise<string | undefined>;
  readonly metrics: Metrics;
  readonly audit: Audit;
  readonly log: Logger;
  /** Where gantry keeps what it must not lose. */
  readonly home: string;
  readonly limits: GatewayLimits;
}

export interface GatewayLimits {
  /** For one request, with everybody who is asked, milliseconds. */
  readonly totalMs: number;
  /** Longest wait for the first content of one answer, and longest pause within it, milliseconds; a provider may have less. */
  readonly firstEventMs: number;
  readonly idleMs: number;
  /** Longest body of a request, bytes. */
  readonly bodyBytes: number;
  /** For the headers of a request to come in, milliseconds. */
  readonly headersMs: number;
  /** For all of a request to come in, milliseconds. */
  readonly requestMs: number;
  /** How long a probe waits for others before it says how they stand, milliseconds. */
  readonly probeMs: number;
}

export const GATEWAY_LIMITS: GatewayLimits = {
  totalMs: 600_000,
  ...PATIENCE,
  bodyBytes: 32 * 1024 * 1024,
  headersMs: 10_000,
  requestMs: 300_000,
  probeMs: 2_000,
};
