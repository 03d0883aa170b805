import { randomUUID } from 'node:crypto';
import { Client, Connection } from '@temporalio/client';
import { NativeConnection, Worker, type WorkerOptions } from '@temporalio/worker';
import './quiet-runtime';

/** The real workflow code on a queue of its own on the shared test server, for workflows that are no run. */
export class EntityWorker {
  readonly taskQueue = `test-${randomUUID()}`;
  /** Runs the workflows. */
  workflows!: Worker;
  private readonly started = new Map<Worker, Promise<void>>();

  private constructor(
    readonly client: Client,
    readonly connection: NativeConnection,
    private readonly clientConnection: Connection,
  ) {}

  static async start(): Promise<EntityWorker> {
    const address = process.env['GANTRY_TEST_ADDRESS']!;
    const [connection, clientConnection] = await Promise.all([
      NativeConnection.connect({ address }),
      Connection.connect({ address }),
    ]);
    const client = new Client({ connection: clientConnection, identity: 'tester' });
    const entities = new EntityWorker(client, connection, clientConnection);
    await entities.startWorkflows();
    return entities;
  }

  async startWorkflows(): Promise<void> {
    this.workflows = await this.serve({
      taskQueue: this.taskQueue,
      workflowBundle: { codePath: process.env['GANTRY_WORKFLOW_BUNDLE']! },
    });
  }

  /** Serve something more, until it is ended or all of this is. */
  async serve(options: WorkerOptions): Promise<Worker> {
    const worker = await Worker.create({
      connection: this.connection,
      // Kept histories name nobody's machine.
      identity: 'test-worker',
      stickyQueueScheduleToStartTimeout: '1s',
      maxHeartbeatThrottleInterval: '200ms',
      defaultHeartbeatThrottleInterval: '200ms',
      ...options,
    });
    this.started.set(worker, worker.run());
    return worker;
  }

  async end(worker: Worker): Promise<void> {
    if (worker.getState() === 'RUNNING') worker.shutdown();
    await this.started.get(worker);
    this.started.delete(worker);
  }

  async stop(): Promise<void> {
    await Promise.all([...this.started.keys()].map((worker) => this.end(worker)));
    await this.clientConnection.close();
    await this.connection.close();
  }
}
