import { randomUUID } from 'node:crypto';
import { Client, Connection, type WorkflowHandle } from '@temporalio/client';
import { NativeConnection, Worker, type WorkerOptions } from '@temporalio/worker';
import { ApplicationFailure, TypedSearchAttributes } from '@temporalio/common';
import type { PipelineDefinition } from '../../contracts/definition';
import { runWorkflowId } from '../../contracts/ids';
import { PIPELINE_RUN, auditQuery, statusQuery } from '../../contracts/messages';
import { PRIORITY } from '../../contracts/priority';
import type { AuditEntry, RunInput, RunResult, RunView } from '../../contracts/run';
import { hostTaskQueue, poolTaskQueue } from '../../contracts/task-queues';
import { ActivityDoor } from '../../workers/activity-door';
import { FakeHost } from './fake-host';
import type { FakeSessionHost } from './fake-sessions';
import './quiet-runtime';
import { patientQuery } from './patient-query';
import { waitUntil } from './wait-until';

/** A worker with the real workflow code and a scripted host, on a queue of its own on the shared test server. */
export class RunHarness {
  readonly taskQueue = `test-${randomUUID()}`;
  readonly host: FakeHost;
  private running: { readonly worker: Worker; readonly ended: Promise<void> }[] = [];

  private constructor(
    readonly client: Client,
    private readonly connection: NativeConnection,
    private readonly clientConnection: Connection,
    host: FakeHost,
    private readonly maxCachedWorkflows: number,
  ) {
    this.host = host;
  }

  static async start(host = new FakeHost(), options: { maxCachedWorkflows?: number } = {}): Promise<RunHarness> {
    const address = process.env['GANTRY_TEST_ADDRESS']!;
    const [connection, clientConnection] = await Promise.all([
      NativeConnection.connect({ address }),
      Connection.connect({ address }),
    ]);
    const client = new Client({ connection: clientConnection, identity: 'tester' });
    const harness = new RunHarness(client, connection, clientConnection, host, options.maxCachedWorkflows ?? 100);
    await harness.startWorkers();
    return harness;
  }

  async startWorkers(): Promise<void> {
    const workers = await Promise.all([
      Worker.create({
        ...this.workerOptions(),
        taskQueue: this.taskQueue,
        workflowBundle: { codePath: process.env['GANTRY_WORKFLOW_BUNDLE']! },
        activities: this.host.activities(),
        maxCachedWorkflows: this.maxCachedWorkflows,
      }),
      ...this.host.sessionHosts.flatMap((host) => this.sessionWorkers(host)),
    ]);
    this.running = workers.map((worker) => ({ worker, ended: worker.run() }));
    for (const { ended } of this.running) ended.catch(() => undefined);
  }

  async stopWorkers(): Promise<void> {
    const { running } = this;
    this.running = [];
    for (const { worker } of running) if (worker.getState() === 'RUNNING') worker.shutdown();
    await Promise.all(running.map(({ ended }) => ended));
  }

  /** A host's machine loses power: nobody hears of its work again. */
  async losePower(host: FakeSessionHost): Promise<void> {
    host.gone = true;
    const queues = [hostTaskQueue(this.taskQueue, host.name), ...host.pools.map((pool) => this.poolQueue(pool))];
    const lost = this.running.filter(({ worker }) => queues.includes(worker.options.taskQueue));
    this.running = this.running.filter((one) => !lost.includes(one));
    for (const { worker } of lost) worker.shutdown();
    await Promise.allSettled(lost.map(({ ended }) => ended));
  }

  private sessionWorkers(host: FakeSessionHost): Promise<Worker>[] {
    const fixed = { type: 'fixed-size', numSlots: 10 } as const;
    return [
      ...host.pools.map((pool) =>
        Worker.create({
          ...this.workerOptions(),
          taskQueue: this.poolQueue(pool),
          activities: host.poolActivities(this.taskQueue),
          tuner: {
            workflowTaskSlotSupplier: fixed,
            activityTaskSlotSupplier: host.slots(pool),
            localActivityTaskSlotSupplier: fixed,
            nexusTaskSlotSupplier: fixed,
          },
        }),
      ),
      Worker.create({
        ...this.workerOptions(),
        taskQueue: hostTaskQueue(this.taskQueue, host.name),
        activities: host.sessionActivities(),
        shutdownForceTime: '500ms',
      }),
    ];
  }

  private poolQueue(pool: string): string {
    return poolTaskQueue(this.taskQueue, pool);
  }

  private workerOptions(): Omit<WorkerOptions, 'taskQueue'> {
    return {
      connection: this.connection,
      // Kept histories name nobody's machine.
      identity: 'test-worker',
      stickyQueueScheduleToStartTimeout: '1s',
      maxHeartbeatThrottleInterval: '500ms',
      interceptors: {
        activity: [
          (context: ConstructorParameters<typeof ActivityDoor>[0]) => ({
            inbound: new ActivityDoor(context, (text) => text),
          }),
        ],
      },
    };
  }

  async stop(): Promise<void> {
    await this.stopWorkers();
    await this.clientConnection.close();
    await this.connection.close();
  }

  async start(definition: PipelineDefinition, more: Partial<RunInput> = {}): Promise<RunHandle> {
    const run = more.run ?? { project: 'calculator', runId: `${definition.name}-${randomUUID().slice(0, 8)}` };
    const input: RunInput = {
      run,
      definition,
      inputs: {},
      mode: definition.mode,
      priority: PRIORITY.usual,
      repo: '/repo',
      startedBy: 'tester',
      ...more,
    };
    const handle = await this.client.workflow.start(PIPELINE_RUN, {
      workflowId: runWorkflowId(run.project, run.runId),
      taskQueue: this.taskQueue,
      args: [input],
      typedSearchAttributes: new TypedSearchAttributes([]),
    });
    return new RunHandle(handle);
  }
}

export class RunHandle {
  constructor(readonly workflow: WorkflowHandle) {}

  view(): Promise<RunView> {
    return patientQuery(this.workflow, statusQuery);
  }

  audit(): Promise<readonly AuditEntry[]> {
    return patientQuery(this.workflow, auditQuery);
  }

  /** How the run ended, whichever way. */
  async result(): Promise<RunResult> {
    try {
      return (await this.workflow.result()) as RunResult;
    } catch (error) {
      const cause = (error as Error).cause;
      if (cause instanceof ApplicationFailure && cause.details?.[0]) return cause.details[0] as RunResult;
      throw error;
    }
  }

  async until(condition: (view: RunView) => boolean): Promise<RunView> {
    let view!: RunView;
    await waitUntil(async () => condition((view = await this.view())), { timeoutMs: 60_000 });
    return view;
  }

  untilGate(gate: string): Promise<RunView> {
    return this.until((view) => view.gates.some((one) => one.gate === gate && one.outcome === undefined));
  }
}
