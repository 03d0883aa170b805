import { randomBytes } from 'node:crypto';
import { fork, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import type { Client } from '@temporalio/client';
import { taskStores } from '../../workers/build-model-work';
import { awaitAnswer } from '../../workers/gateway/tasks/await-answer';
import { sharesOf } from '../../workers/gateway/tasks/submit';
import { TaskDoor } from '../../workers/doors/tasks/task-door';
import { TASK_API_LIMITS } from '../../workers/gateway/tasks/task-ports';
import type { Owned } from '../../contracts/tasks/names';
import type { BenchContext } from '../benchmark';
import { cpuMsOf } from '../server-process';
import type { BareWorkerOptions } from './bare-worker-process';

const LIFE_MS = 3_600_000;
/** As the gateway has it. */
const { parallel: PARALLEL } = TASK_API_LIMITS;

/** Workers of one home as `gantry worker` starts them, and the gateway's way to give them tasks. */
export class BenchPool {
  readonly taskQueue = `bench-${randomBytes(4).toString('hex')}`;
  private readonly children: ChildProcess[] = [];
  private readonly stores;
  private readonly door: TaskDoor;
  private readonly home: string;

  constructor(
    private readonly context: BenchContext,
    private readonly address: string,
    private readonly client: Client,
    private readonly upstreamUrl: string,
  ) {
    this.home = join(context.directory, this.taskQueue);
    this.stores = taskStores(this.home);
    const { connection } = client;
    this.door = new TaskDoor({ connection, namespace: 'default', taskQueue: this.taskQueue });
  }

  /** One process for each entry, in these roles; resolves when all serve. */
  async start(roles: readonly string[]): Promise<void> {
    mkdirSync(this.home, { recursive: true });
    writeFileSync(join(this.home, 'config.yaml'), this.configuration());
    await Promise.all(roles.map((role) => this.startWorker(role)));
  }

  /** A worker of the hand-written workflow, on the queue of the pool. */
  async startBare(): Promise<void> {
    const options: BareWorkerOptions = {
      ...{ address: this.address, taskQueue: this.taskQueue, workflowBundle: this.context.bundles.handWritten },
    };
    this.children.push(fork(join(__dirname, 'bare-worker-process.js'), [JSON.stringify(options)]));
    await this.askBare();
  }

  /** Have so many completions made as one task. @returns Seconds until it had ended. */
  ask(total: number): Promise<number> {
    return this.task(total, (task) => this.untilEnded(task));
  }

  /** Have one completion made. @returns Seconds until its answer could be read, as the gateway gives it. */
  async askOne(): Promise<number> {
    let asked: Owned | undefined;
    const { store } = this.stores;
    const seconds = await this.task(1, (task) => awaitAnswer({ door: this.door, store }, (asked = task), never()));
    // Its end comes a little later and belongs to nobody else's time.
    if (asked !== undefined) await this.untilEnded(asked);
    return seconds;
  }

  private untilEnded(task: Owned): Promise<unknown> {
    return this.door.untilEnded(task, never());
  }

  private async task(total: number, until: (task: Owned) => Promise<unknown>): Promise<number> {
    const task = { id: `task_${randomBytes(16).toString('hex')}` };
    const about = { total, digest: task.id };
    const began = performance.now();
    await this.stores.store.keep(task, requests(total), () => about);
    const [createdAt, expiresAt] = [Date.now(), Date.now() + LIFE_MS];
    const kind = total === 1 ? 'one' : 'many';
    await this.door.start(
      {
        ...{ task, total, ...sharesOf(total, PARALLEL), expiresAt, timeoutMs: 60_000, files: total > 1 },
        ...{ request: {}, scope: {} },
      },
      { kind, createdAt, expiresAt, by: 'bench', ...about },
    );
    await until(task);
    for await (const record of this.stores.store.calls.latest(task, total)) {
      if (record?.outcome !== 'answered') throw new Error('A completion of the benchmark was not made.');
    }
    return (performance.now() - began) / 1_000;
  }

  /** The same single completion by a workflow with one activity. @returns Seconds. */
  async askBare(): Promise<number> {
    const began = performance.now();
    await this.client.workflow.execute('handWrittenCall', {
      ...{ workflowId: randomBytes(8).toString('hex'), taskQueue: this.taskQueue },
      args: [{ url: this.upstreamUrl, body: BODY }],
    });
    return (performance.now() - began) / 1_000;
  }

  /** CPU time of all its processes in ms; undefined where the system does not tell. */
  cpuMs(): number | undefined {
    const each = this.children.map(({ pid }) => cpuMsOf(pid!));
    return each.reduce((sum, one) => (sum === undefined || one === undefined ? undefined : sum + one), 0);
  }

  async stop(): Promise<void> {
    await Promise.all(
      this.children.map(async (child) => {
        const ended = once(child, 'exit');
        child.kill('SIGTERM');
        await ended;
      }),
    );
  }

  /** With prices and a limit, so that every completion is paid from a budget; each pool has a ledger of its own. */
  private configuration(): string {
    return JSON.stringify({
      organisation: this.taskQueue,
      providers: {
        bench: { 'base-url': this.upstreamUrl, models: ['bench'], prices: { '*': { input: 1, output: 1 } } },
      },
      budgets: { limits: { total: 1_000 } },
    });
  }

  private async startWorker(roles: string): Promise<void> {
    const child = spawn(process.execPath, [join(__dirname, '..', '..', 'workers', 'main.js')], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: {
        ...{ PATH: process.env['PATH'], HOME: process.env['HOME'], TZ: 'UTC' },
        TEMPORAL_ADDRESS: this.address,
        GANTRY_HOME: this.home,
        GANTRY_TASK_QUEUE: this.taskQueue,
        GANTRY_ROLES: roles,
        GANTRY_MODEL_SLOTS: '10',
        GANTRY_WORKFLOW_BUNDLE: this.context.bundles.gantry,
        GANTRY_CONFIG: join(this.home, 'config.yaml'),
      },
    });
    this.children.push(child);
    let said = '';
    await new Promise<void>((resolve, reject) => {
      child.once('exit', () => reject(new Error(`A worker of the benchmark ended:\n${said.slice(-2_000)}`)));
      child.stdout.on('data', (chunk: Buffer) => {
        said = (said + chunk.toString()).slice(-10_000);
        if (roles.split(',').every((role) => said.includes(`${role} ready`))) resolve();
      });
    });
  }
}

/** One for each: what listens to it stays. */
const never = (): AbortSignal => new AbortController().signal;

const BODY = { model: 'bench', max_tokens: 5, messages: [{ role: 'user', content: 'What is so?' }] };

async function* requests(total: number) {
  for (let index = 0; index < total; index += 1) {
    const route = { model: 'bench', inputTokens: 10, maxOutputTokens: 5 };
    yield await Promise.resolve({ custom_id: `request-${index}`, body: BODY, route });
  }
}
