import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { randomUUID } from 'node:crypto';
import { Client, Connection } from '@temporalio/client';
import type { FastifyInstance } from 'fastify';
import { pino } from 'pino';
import OpenAI from 'openai';
import { createPriceBook } from '../../contracts/prices';
import { ledgerQuery, ledgerWorkflowId, type WindowView } from '../../contracts/budgets';
import type { ModelConfig } from '../../contracts/config/model-config';
import { toNano } from '../../contracts/money';
import type { BudgetsFile } from '../../contracts/schemas/config/budgets';
import type { WorkerRole } from '../../contracts/task-queues';
import { taskStores } from '../../workers/build-model-work';
import { createModelClient } from '../../activities/models/client/create-model-client';
import { createBreakers } from '../../workers/doors/breakers';
import { createCatalogue } from '../../workers/gateway/catalogue';
import { createMetrics } from '../../workers/gateway/metrics';
import { GATEWAY_LIMITS } from '../../workers/gateway/ports';
import { createKeys } from '../../workers/gateway/keys';
import { createServer } from '../../workers/gateway/server';
import { registerDurable, registerTasks } from '../../workers/gateway/tasks/register-tasks';
import { TaskDoor } from '../../workers/doors/tasks/task-door';
import type { TaskApiLimits, TaskApiPorts } from '../../workers/gateway/tasks/task-ports';
import { compileSources } from './compile-sources';
import type { ModelWorkerOptions } from './model-worker-process';
import { temporaryDirectory } from './temporary-home';
import { patientQuery } from './patient-query';
import { waitUntil } from './wait-until';

/** A dollar for a million tokens. */
const PRICE = { input: 1, output: 1 };

/** Whose key a request is sent with; that of eve is good for one model, and the team of zoe has no money. */
type KeyHolder = 'ann' | 'bob' | 'eve' | 'zoe';

/** A gateway in this process, workers in their own, and one upstream: all real but the model. */
export class TaskSystem {
  private static compiled: string | undefined;
  readonly taskQueue = `tasks-${randomUUID().slice(0, 8)}`;
  readonly organisation = `org-${randomUUID().slice(0, 8)}`;
  /** Breakers are named after it, and tests share a server. */
  readonly provider = `scripted-${randomUUID().slice(0, 8)}`;
  readonly workers = new Map<string, ChildProcess>();
  /** Lines of the gateway's audit. */
  readonly audited: object[] = [];
  app!: FastifyInstance;
  url!: string;
  ports!: TaskApiPorts;
  private budgets: BudgetsFile = {
    limits: { total: toNano(100) },
    teams: { poor: { limits: { total: 1 }, jobs: {}, projects: [] } },
    over: 'stop',
    'alert-at': 80,
  };
  private readonly logs = new Map<string, string>();

  private constructor(
    readonly address: string,
    readonly home: string,
    readonly upstreamUrl: string,
    readonly connection: Connection,
    readonly client: Client,
  ) {}

  static async start(
    upstreamUrl: string,
    {
      address = process.env['GANTRY_TEST_ADDRESS']!,
      limits = {},
      budgets = {},
    }: {
      readonly address?: string;
      readonly limits?: Partial<TaskApiLimits>;
      readonly budgets?: Partial<BudgetsFile>;
    } = {},
  ): Promise<TaskSystem> {
    const connection = await Connection.connect({ address });
    const client = new Client({ connection });
    const system = new TaskSystem(address, await temporaryDirectory(), upstreamUrl, connection, client);
    system.budgets = { ...system.budgets, ...budgets };
    await system.startGateway(limits);
    return system;
  }

  config(upstreamUrl = this.upstreamUrl): ModelConfig {
    const key = (team: string) => ({ key: `KEY_OF_${team.toUpperCase()}`, team });
    const eve = { ...key('green'), models: [`${this.provider}/small`] };
    return {
      organisation: this.organisation,
      providers: [
        {
          ...{
            name: this.provider,
            protocol: 'openai',
            baseUrl: upstreamUrl,
            keyVariable: 'UPSTREAM_KEY',
            models: ['small', 'large'],
            tags: [],
          },
          ...{ prices: { '*': PRICE }, standIn: false, structuredOutput: true, maxOutput: 5 },
        },
      ],
      ...{ chains: {}, routes: [], experiments: [], policies: [], source: 'a test' },
      budgets: this.budgets,
      gateway: { host: '127.0.0.1', port: 0, keys: { ann: key('red'), bob: key('blue'), eve, zoe: key('poor') } },
    };
  }

  /** A worker process, known to the upstream by its name. */
  async startWorker(
    name: string,
    {
      roles = ['runs', 'models'] as readonly WorkerRole[],
      slots = 10,
      upstreamUrl = this.upstreamUrl,
      lookEveryMs = 500,
    } = {},
  ): Promise<ChildProcess> {
    TaskSystem.compiled ??= compileSources('model-worker', ['contracts', 'activities', 'workers', 'test/support']);
    const options: ModelWorkerOptions = {
      ...{ address: this.address, taskQueue: this.taskQueue, home: this.home, key: name, slots, roles, lookEveryMs },
      workflowBundle: process.env['GANTRY_WORKFLOW_BUNDLE']!,
      config: this.config(upstreamUrl),
    };
    const program = join(TaskSystem.compiled, 'test', 'support', 'model-worker-process.js');
    const worker = fork(program, [JSON.stringify(options)], { silent: true, env: { ...process.env, TZ: 'UTC' } });
    this.workers.set(name, worker);
    for (const stream of [worker.stdout, worker.stderr]) {
      stream?.on('data', (chunk: Buffer) => this.logs.set(name, this.said(name) + chunk.toString()));
    }
    await waitUntil(
      () => {
        if (worker.exitCode !== null) throw new Error(`the worker ended: ${this.said(name)}`);
        return roles.every((role) => this.said(name).includes(`${role} ready`));
      },
      { timeoutMs: 60_000 },
    );
    return worker;
  }

  said(name: string): string {
    return this.logs.get(name) ?? '';
  }

  async kill(name: string): Promise<void> {
    const worker = this.workers.get(name)!;
    worker.kill('SIGKILL');
    if (worker.exitCode === null && worker.signalCode === null) await once(worker, 'exit');
    this.workers.delete(name);
  }

  /** The SDK of somebody with a key. */
  openai(who: KeyHolder = 'ann'): OpenAI {
    return new OpenAI({ apiKey: who, baseURL: `${this.url}/v1`, maxRetries: 0 });
  }

  /** A request of somebody with a key. */
  fetch(path: string, { who = 'ann', ...init }: RequestInit & { who?: KeyHolder } = {}): Promise<Response> {
    const headers = { authorization: `Bearer ${who}`, ...(init.headers as Record<string, string> | undefined) };
    return fetch(`${this.url}${path}`, { ...init, headers });
  }

  post(path: string, body: unknown, headers: Record<string, string> = {}, who: KeyHolder = 'ann'): Promise<Response> {
    const type = { 'content-type': 'application/json' };
    return this.fetch(path, { who, method: 'POST', headers: { ...type, ...headers }, body: JSON.stringify(body) });
  }

  /** What the ledger has booked for all. */
  async booked(): Promise<WindowView> {
    const ledger = this.client.workflow.getHandle(ledgerWorkflowId(this.organisation));
    const { accounts } = await patientQuery(ledger, ledgerQuery);
    return accounts.find(({ level }) => level === 'org')!.windows.find(({ window }) => window === 'total')!;
  }

  async stop(): Promise<void> {
    await this.app.close();
    await Promise.all([...this.workers.keys()].map((name) => this.kill(name)));
    await this.connection.close();
    await rm(this.home, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }

  private async startGateway(limits: Partial<TaskApiLimits>): Promise<void> {
    const config = this.config();
    const where = { connection: this.connection, namespace: 'default', taskQueue: this.taskQueue };
    this.ports = { ...taskStores(this.home), door: new TaskDoor(where), catalogue: createCatalogue(config), limits };
    const { ports } = this;
    const log = pino({ level: 'error' });
    const breakers = createBreakers({ ...where, log });
    this.app = await createServer(
      {
        ...{ config, log, breakers, home: this.home, limits: GATEWAY_LIMITS, metrics: createMetrics() },
        keys: createKeys(config.gateway, {
          KEY_OF_RED: 'ann',
          KEY_OF_BLUE: 'bob',
          KEY_OF_GREEN: 'eve',
          KEY_OF_POOR: 'zoe',
        }),
        models: createModelClient({
          ...{ config, breakers, prices: createPriceBook(config.providers), redact: (text) => text },
          profiles: { known: () => Promise.resolve([]), learn: () => undefined },
        }),
        purseOf: () => undefined,
        latencies: new Map(),
        providers: [],
        ledgerTrouble: () => Promise.resolve(undefined),
        audit: { write: (line) => void this.audited.push(line), close: () => Promise.resolve() },
      },
      [(app) => registerTasks(app, ports), (app) => registerDurable(app, ports)],
    );
    this.url = await this.app.listen({ host: '127.0.0.1', port: 0 });
  }
}

/** A request that asks for the answer to its own name. */
export function requestOf(name: string) {
  return { model: 'small', max_tokens: 5, messages: [{ role: 'user', content: name }] };
}

/** So many lines of a batch, with names that sort. */
export function batchOf(count: number) {
  return Array.from({ length: count }, (_, index) => {
    const custom_id = `item-${String(index).padStart(5, '0')}`;
    return { custom_id, method: 'POST', url: '/v1/chat/completions', body: requestOf(custom_id) };
  });
}
