import { hostname } from 'node:os';
import { join } from 'node:path';
import type { NativeConnection } from '@temporalio/worker';
import type { Logger } from 'pino';
import { createBreakers } from '../doors/breakers';
import { createModels } from '../models';
import { createAudit } from './audit';
import { createKeys } from './keys';
import { createMetrics } from './metrics';
import { GATEWAY_LIMITS, type GatewayPorts } from './ports';
import { createPurses, watchLedger } from './purses';
import type { GatewaySettings } from './settings';

export interface OpenedPorts {
  readonly ports: GatewayPorts;
  /** Settles what was drawn, tells what was learned, and writes the last lines of the audit. Never fails. */
  readonly close: () => Promise<void>;
}

/** Everything the gateway works with, over one connection to Temporal. */
export async function openPorts(parts: {
  readonly settings: GatewaySettings;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly connection: NativeConnection;
  readonly namespace: string;
  readonly redact: (text: string) => string;
  readonly log: Logger;
}): Promise<OpenedPorts> {
  const { settings, environment, connection, namespace, redact, log } = parts;
  const { taskQueue, home } = settings;
  const where = { connection, namespace, taskQueue, log };
  const breakers = createBreakers(where);
  const models = await createModels({ ...where, environment, breakers, redact });
  const { config, ledger, providers } = models;
  const name = `gateway@${hostname()}/${process.pid}`;
  const purses = createPurses(config.budgets, ledger, name);
  const audit = createAudit(join(home, 'gateway'), (error) => log.error({ error }, 'the audit cannot be written'));
  const ports: GatewayPorts = {
    ...{ config, breakers, audit, providers, log, home, limits: GATEWAY_LIMITS },
    keys: createKeys(config.gateway, environment),
    models: models.client,
    purseOf: (scope) => purses.of(scope),
    latencies: new Map(),
    ledgerTrouble: watchLedger(config.budgets, ledger, name),
    metrics: createMetrics(),
  };
  const ends = [
    { what: 'what was drawn from budgets was not settled; its lease settles it', end: () => purses.close() },
    { what: 'what was learned was not told', end: () => models.close() },
    { what: 'the audit is not whole', end: () => audit.close() },
  ];
  return {
    ports,
    async close() {
      for (const { what, end } of ends) await end().catch((error: unknown) => log.warn({ error }, what));
    },
  };
}
