import { randomUUID } from 'node:crypto';
import { Client, Connection, type WorkflowHandle } from '@temporalio/client';
import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { ApplicationFailure, TypedSearchAttributes } from '@temporalio/common';
import type { PipelineDefinition } from '../../contracts/definition';
import { runWorkflowId } from '../../contracts/ids';
import { PIPELINE_RUN, auditQuery, statusQuery } from '../../contracts/messages';
import type { AuditEntry, RunInput, RunResult, RunView } from '../../contracts/run';
import { agentTaskQueue } from '../../contracts/task-queues';
import { ActivityDoor } from '../../workers/activity-door';
import { FakeHost } from './fake-host';
import { waitUntil } from './wait-until';

// Once for each test file: what a worker warns of is part of no test's expectation, what it fails with is.
Runtime.install({ logger: new DefaultLogger('ERROR') });

/** A worker with the real workflow code and a scripted host, on a queue of its own on the shared test server. */
export class RunHarness {
  readonly taskQueue = `test-${randomUUID()}`;
  readonly host: FakeHost;
  private workers: Worker[] = [];
  private running: Promise<unknown> = Promise.resolve();

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
    const common = {
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
    } as const;
    this.workers = await Promise.all([
      Worker.create({
        ...common,
        interceptors: { activity: [...common.interceptors.activity] },
        taskQueue: this.taskQueue,
        workflowBundle: { codePath: process.env['GANTRY_WORKFLOW_BUNDLE']! },
        activities: this.host.activities(),
        maxCachedWorkflows: this.maxCachedWorkflows,
      }),
      Worker.create({
        ...common,
        interceptors: { activity: [...common.interceptors.activity] },
        taskQueue: agentTaskQueue(this.taskQueue, 'coder'),
        activities: { dispatchPrompt: this.host.agents().dispatchPrompt },
      }),
    ]);
    this.running = Promise.all(this.workers.map((worker) => worker.run()));
  }

  async stopWorkers(): Promise<void> {
    this.workers.forEach((worker) => worker.shutdown());
    await this.running;
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
      priority: 3,
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
    return this.workflow.query(statusQuery);
  }

  audit(): Promise<readonly AuditEntry[]> {
    return this.workflow.query(auditQuery);
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
