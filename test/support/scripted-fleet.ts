import { randomUUID } from 'node:crypto';
import { Context } from '@temporalio/activity';
import { Client, Connection } from '@temporalio/client';
import { CancelledFailure } from '@temporalio/common';
import {
  DefaultLogger,
  NativeConnection,
  Runtime,
  Worker,
  bundleWorkflowCode,
  type WorkflowBundle,
} from '@temporalio/worker';
import { runWorkflowId } from '../../contracts/ids';
import { hostWorkflowId, SESSION_HOST } from '../../contracts/messages';
import type { RunRef } from '../../contracts/run';
import type { ControlInput, ControlResult, HostView, Lease, ReserveInput, SessionView } from '../../contracts/sessions';
import { hostTaskQueue, poolTaskQueue } from '../../contracts/task-queues';
import { answerSignal } from './fleet-workflows';

Runtime.install({ logger: new DefaultLogger('ERROR') });

let bundled: Promise<WorkflowBundle> | undefined;

/** Runs and hosts on the shared test server whose every word a test writes. */
export class ScriptedFleet {
  readonly taskQueue = `fleet-${randomUUID().slice(0, 8)}`;
  private readonly workers: { readonly worker: Worker; readonly running: Promise<void> }[] = [];

  private constructor(
    readonly client: Client,
    private readonly native: NativeConnection,
    private readonly connection: Connection,
  ) {}

  static async start(): Promise<ScriptedFleet> {
    const address = process.env['GANTRY_TEST_ADDRESS']!;
    const [native, connection] = await Promise.all([
      NativeConnection.connect({ address }),
      Connection.connect({ address }),
    ]);
    const fleet = new ScriptedFleet(new Client({ connection, identity: 'tester' }), native, connection);
    bundled ??= bundleWorkflowCode({
      workflowsPath: require.resolve('./fleet-workflows'),
      logger: new DefaultLogger('ERROR'),
    });
    fleet.run(await Worker.create({ connection: native, taskQueue: fleet.taskQueue, workflowBundle: await bundled }));
    return fleet;
  }

  /** A host as it is told. Its view may be changed while it serves. */
  async host(view: HostView): Promise<ScriptedHost> {
    const host = new ScriptedHost(view);
    const taskQueue = hostTaskQueue(this.taskQueue, view.host);
    const worker = await Worker.create({
      ...{ connection: this.native, taskQueue, activities: host.activities(), identity: view.host },
      ...{ maxHeartbeatThrottleInterval: '100ms', defaultHeartbeatThrottleInterval: '100ms', shutdownForceTime: '5s' },
    });
    host.end = this.run(worker);
    await this.client.workflow.start(SESSION_HOST, {
      ...{ workflowId: hostWorkflowId(view.host), taskQueue: this.taskQueue },
      args: [{ host: view.host, taskQueue }],
    });
    return host;
  }

  /** Take the prompts of a pool, one after the other, into the order they came in. */
  async take(pool: string, of: string): Promise<ReserveInput[]> {
    const taken: ReserveInput[] = [];
    const activities = {
      reserveSession: async (input: ReserveInput): Promise<Lease> => {
        taken.push(input);
        const lease = { id: input.leaseId, pool, agent: pool, host: of, home: 'home', session: `${pool}-1` };
        return { ...lease, taskQueue: hostTaskQueue(this.taskQueue, of) };
      },
    };
    const one = { maxConcurrentActivityTaskExecutions: 1, maxConcurrentActivityTaskPolls: 1 };
    const taskQueue = poolTaskQueue(this.taskQueue, pool);
    this.run(await Worker.create({ connection: this.native, taskQueue, activities, ...one }));
    return taken;
  }

  async answer({ project, runId }: RunRef, text: string): Promise<void> {
    await this.client.workflow.getHandle(runWorkflowId(project, runId)).signal(answerSignal, text);
  }

  async stop(): Promise<void> {
    const { taskQueue, client } = this;
    const query = `TaskQueue = '${taskQueue}' AND ExecutionStatus = 'Running'`;
    for await (const { workflowId } of client.workflow.list({ query }))
      await client.workflow.getHandle(workflowId).terminate();
    for (const { worker } of this.workers) if (worker.getState() === 'RUNNING') worker.shutdown();
    await Promise.all(this.workers.map(({ running }) => running));
    await this.connection.close();
    await this.native.close();
  }

  private run(worker: Worker): () => Promise<void> {
    const running = worker.run();
    this.workers.push({ worker, running });
    return async () => {
      worker.shutdown();
      await running;
    };
  }
}

export class ScriptedHost {
  readonly asked: ControlInput[] = [];
  answers: (input: ControlInput) => ControlResult = ({ targets }) => ({ done: targets, refused: [] });
  /** Its process is gone: nobody serves it from then on. */
  end: () => Promise<void> = async () => undefined;

  constructor(public view: HostView) {}

  activities() {
    return {
      serveSessions: async () => {
        const context = Context.current();
        for (;;) {
          context.heartbeat({ ...this.view, at: Date.now() });
          await context.sleep(50).catch((error: unknown) => {
            // The worker ends: as a lost one it leaves the host without an answer.
            throw error instanceof CancelledFailure ? new Error('the host is gone') : error;
          });
        }
      },
      controlSessions: async (input: ControlInput) => {
        this.asked.push(input);
        return this.answers(input);
      },
    };
  }
}

export function aSession(name: string, rest: Partial<SessionView> = {}): SessionView {
  const pool = name.replace(/-\d+$/, '');
  const session = {
    name,
    pool,
    agent: pool,
    backend: 'tmux',
    state: 'idle',
    since: Date.now(),
    draining: false,
    restarts: 0,
  } as const;
  return { ...session, ...rest };
}

/** A host whose pools are those of its sessions. */
export function aHost(host: string, sessions: readonly SessionView[], rest: Partial<HostView> = {}): HostView {
  const pools = [...new Set(sessions.map(({ pool }) => pool))].map((pool) => {
    const own = sessions.filter((session) => session.pool === pool);
    return { pool, agent: own[0]!.agent, min: own.length, max: own.length };
  });
  return {
    host,
    home: 'home',
    startedAt: Date.now() - 60_000,
    at: Date.now(),
    freeMemoryMb: 12_300,
    pools,
    sessions,
    ...rest,
  };
}
