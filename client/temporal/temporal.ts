import { hostname } from 'node:os';
import { Client, Connection } from '@temporalio/client';
import type { Target } from '../target';
import { Breakers } from './breakers';
import { Budgets } from './budgets';
import { Door } from './door';
import { Hosts } from './hosts';
import { ModelCalls } from './model-calls';
import { Profiles } from './profiles';
import { Queues } from './queues';
import { Runs } from './runs';
import { Server } from './server';
import { unreachable } from './translate';

const CONNECT_MS = 3_000;

/** Everything gantry asks of Temporal, in its own words and with its own errors. */
export class Temporal {
  readonly runs: Runs;
  readonly server: Server;
  readonly queues: Queues;
  readonly hosts: Hosts;
  readonly budgets: Budgets;
  readonly modelCalls: ModelCalls;
  readonly breakers: Breakers;
  readonly profiles: Profiles;

  private constructor(private readonly door: Door) {
    this.runs = new Runs(door);
    this.server = new Server(door);
    this.queues = new Queues(door);
    this.hosts = new Hosts(door);
    this.budgets = new Budgets(door);
    this.modelCalls = new ModelCalls(door);
    this.breakers = new Breakers(door);
    this.profiles = new Profiles(door);
  }

  get target(): Target {
    return this.door.target;
  }

  /** Connect, or say within `timeoutMs` that nobody is there. Fails: ServiceError. */
  static async connect(target: Target, user: string, timeoutMs = CONNECT_MS): Promise<Temporal> {
    try {
      const { tls, apiKey, metadata } = target.connection;
      const connection = await Connection.connect({
        address: target.address,
        connectTimeout: timeoutMs,
        ...(tls !== undefined && { tls }),
        ...(typeof apiKey === 'string' && { apiKey }),
        ...(metadata && { metadata: metadata }),
      });
      const identity = `cli:${user}@${hostname()}`;
      const client = new Client({ connection, namespace: target.namespace, identity });
      return new Temporal(new Door(connection, client, target));
    } catch (error) {
      throw unreachable(target, error);
    }
  }

  async close(): Promise<void> {
    await this.door.connection.close();
  }
}

/** Wait until a server serves a namespace at an address. Fails: ServiceError after `timeoutMs`. */
export async function waitUntilServing(address: string, namespace: string, timeoutMs: number, alive: () => boolean) {
  const target: Target = { address, namespace, taskQueue: '', source: 'this server', connection: {} };
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    try {
      const temporal = await Temporal.connect(target, 'gantry', 1_000);
      try {
        await temporal.server.checkNamespace();
        // The attributes arrive a moment after the namespace, and a run that starts before them is refused.
        if ((await temporal.server.missingSearchAttributes()).length === 0) return;
      } finally {
        await temporal.close();
      }
    } catch (error) {
      if (!alive() || Date.now() > deadline) throw error;
    }
    if (!alive() || Date.now() > deadline) throw unreachable(target, undefined);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
