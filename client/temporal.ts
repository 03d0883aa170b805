import { hostname } from 'node:os';
import {
  ApplicationFailure,
  Client,
  Connection,
  isGrpcServiceError,
  NamespaceNotFoundError,
  QueryNotRegisteredError,
  WorkflowExecutionAlreadyStartedError,
  WorkflowFailedError,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
  type QueryDefinition,
  type SignalDefinition,
  type UpdateDefinition,
  type WorkflowExecutionDescription,
  type WorkflowExecutionInfo,
} from '@temporalio/client';
import { TypedSearchAttributes } from '@temporalio/common';
import { historyToJSON } from '@temporalio/common/lib/proto-utils';
import { parseRunWorkflowId, runWorkflowId } from '../contracts/ids';
import type { Json } from '../contracts/json';
import { PIPELINE_RUN, REFUSED, type Answer } from '../contracts/messages';
import type { RunInput, RunRef, RunResult } from '../contracts/run';
import { SEARCH_ATTRIBUTES } from '../contracts/search-attributes';
import type { HistoryEvent } from './history';
import { Fault, NotFoundError, RefusedError, ServiceError, UserError } from './faults';
import type { Target } from './target';

/** gRPC status codes this module tells apart. */
const GRPC = {
  cancelled: 1,
  invalid: 3,
  deadline: 4,
  notFound: 5,
  denied: 7,
  precondition: 9,
  unavailable: 14,
  auth: 16,
};

const SEE_STATUS = 'See it with `gantry status`.';

const CONNECT_MS = 3_000;
const CALL_MS = 10_000;
const QUERY_MS = 5_000;
const UPDATE_MS = 15_000;

/** Nobody polls the run's task queue, or whoever does is stuck. The run is safe; it only cannot be asked. */
export class NoWorkerError extends ServiceError {}

/** A run as Temporal itself knows it: what there is to see while no worker answers. */
export interface RunExecution {
  readonly run: RunRef;
  /** Temporal's id of the newest execution. */
  readonly executionId: string;
  readonly open: boolean;
  /** Temporal shows it as Canceled: it left no result. */
  readonly canceled: boolean;
  /** gantry's word for an end or a state; Temporal's where gantry could say none (`TERMINATED`, `TIMED_OUT`). */
  readonly status: string;
  readonly pipeline: string;
  readonly stage?: string;
  readonly waitingFor?: string;
  readonly mode?: string;
  readonly costUsd?: number;
  /** Epoch milliseconds. */
  readonly startedAt: number;
  readonly closedAt?: number;
  readonly historyEvents: number;
}

export interface Execution {
  readonly executionId: string;
  /** Epoch milliseconds. */
  readonly startedAt: number;
  /** Temporal's own word: `COMPLETED`, `FAILED`, `CANCELLED`, `CONTINUED_AS_NEW`, … */
  readonly temporalStatus: string;
  readonly events: readonly HistoryEvent[];
}

export interface PendingActivity {
  readonly activityId: string;
  /** The last one that took it; absent while it waits for the first. */
  readonly worker?: string;
  readonly said: Json;
}

export interface RunFilter {
  readonly project?: string;
  readonly pipeline?: string;
  readonly status?: string;
  readonly open?: boolean;
  readonly limit: number;
}

export interface QueuePollers {
  readonly workflow: readonly string[];
  readonly activity: readonly string[];
}

/** Everything gantry asks of Temporal, in its own words and with its own errors. */
export class Temporal {
  private constructor(
    private readonly connection: Connection,
    private readonly client: Client,
    readonly target: Target,
  ) {}

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
      return new Temporal(connection, new Client({ connection, namespace: target.namespace, identity }), target);
    } catch (error) {
      throw unreachable(target, error);
    }
  }

  async close(): Promise<void> {
    await this.connection.close();
  }

  /** Start a run, or with `again` a next execution of one that has ended. Fails: RefusedError, UserError. */
  async startRun(
    input: RunInput,
    options: { readonly again: boolean; readonly details: string },
  ): Promise<RunExecution> {
    const { run, definition } = input;
    await this.call(() =>
      this.client.workflow.start(PIPELINE_RUN, {
        workflowId: runWorkflowId(run.project, run.runId),
        taskQueue: this.target.taskQueue,
        args: [input],
        workflowIdReusePolicy: options.again ? 'ALLOW_DUPLICATE' : 'REJECT_DUPLICATE',
        workflowIdConflictPolicy: 'FAIL',
        typedSearchAttributes: new TypedSearchAttributes([
          { key: SEARCH_ATTRIBUTES.project, value: run.project },
          { key: SEARCH_ATTRIBUTES.pipeline, value: definition.name },
          { key: SEARCH_ATTRIBUTES.status, value: 'RUNNING' },
          { key: SEARCH_ATTRIBUTES.mode, value: input.mode },
        ]),
        memo: { pipeline: definition.name },
        staticSummary: `${definition.name} · ${run.project} · ${run.runId}`,
        staticDetails: options.details,
        priority: { priorityKey: input.priority, fairnessKey: run.project },
      }),
    );
    return this.describe(run);
  }

  /** Fails: NotFoundError. */
  async describe(run: RunRef): Promise<RunExecution> {
    return toExecution(await this.call(() => this.handle(run).describe()));
  }

  /** Newest first, each run once. Runs that a stage of another run nests are left out. */
  async listRuns(filter: RunFilter): Promise<RunExecution[]> {
    return this.call(async () => {
      // A resumed run, and one that continued as new, has several executions: the newest speaks for it.
      const newest = new Map<string, RunExecution>();
      for await (const info of this.client.workflow.list({ query: visibilityQuery(filter), pageSize: 200 })) {
        if (!parseRunWorkflowId(info.workflowId) || info.parentExecution) continue;
        const known = newest.get(info.workflowId);
        if (!known && newest.size >= filter.limit) break;
        const execution = toExecution(info);
        if (!known || execution.startedAt > known.startedAt) newest.set(info.workflowId, execution);
      }
      return [...newest.values()].sort((a, b) => b.startedAt - a.startedAt);
    });
  }

  /** Ask the workflow itself. Fails: NoWorkerError when no worker answers within five seconds. */
  async query<T>(run: RunRef, query: QueryDefinition<T>): Promise<T> {
    return this.call(() => this.handle(run).query(query), { deadlineMs: QUERY_MS, needsWorker: true });
  }

  /** Ask the workflow to do something and wait for its answer. Fails: RefusedError, NoWorkerError. */
  async update<M>(run: RunRef, update: UpdateDefinition<Answer, [M]>, updateId: string, message: M): Promise<Answer> {
    return this.call(() => this.handle(run).executeUpdate(update, { args: [message], updateId }), {
      deadlineMs: UPDATE_MS,
      needsWorker: true,
    });
  }

  /** Leave a message for the workflow: the server keeps it until a worker is there. */
  async signal<M>(run: RunRef, signal: SignalDefinition<[M]>, message: M): Promise<void> {
    await this.call(() => this.handle(run).signal(signal, message));
  }

  /** Ask Temporal to cancel a run, so that its own lists and Web UI call it canceled. Does nothing once it has ended. */
  async requestCancel(run: RunRef): Promise<void> {
    try {
      await this.call(() => this.handle(run).cancel());
    } catch (error) {
      if (!(error instanceof NotFoundError)) throw error;
    }
  }

  /** How a closed run ended; undefined where Temporal cancelled, terminated or timed it out, which leaves no result. */
  async result(run: RunRef): Promise<RunResult | undefined> {
    return this.call(async () => {
      try {
        return (await this.handle(run).result()) as RunResult;
      } catch (error) {
        if (!(error instanceof WorkflowFailedError)) throw error;
        const { cause } = error;
        return cause instanceof ApplicationFailure ? (cause.details?.[0] as RunResult | undefined) : undefined;
      }
    });
  }

  /** What the newest execution of a run was started with. */
  async inputOf(run: RunRef): Promise<RunInput> {
    const { payloadConverter, payloadCodecs } = this.client.options.loadedDataConverter;
    const response = await this.call(() =>
      this.connection.workflowService.getWorkflowExecutionHistory({
        namespace: this.target.namespace,
        execution: { workflowId: runWorkflowId(run.project, run.runId) },
        maximumPageSize: 1,
      }),
    );
    let payloads = response.history?.events?.[0]?.workflowExecutionStartedEventAttributes?.input?.payloads ?? [];
    for (const codec of [...payloadCodecs].reverse()) payloads = await codec.decode(payloads);
    return payloadConverter.fromPayload<RunInput>(payloads[0]!);
  }

  /** What workers are doing for a run now, as they said with their last heartbeats. */
  async pendingActivities(run: RunRef): Promise<PendingActivity[]> {
    const { payloadConverter } = this.client.options.loadedDataConverter;
    const { raw } = await this.call(() => this.handle(run).describe());
    return (raw.pendingActivities ?? []).map((pending) => {
      const said = pending.heartbeatDetails?.payloads?.[0];
      return {
        activityId: pending.activityId ?? '',
        ...withoutUndefined({ worker: pending.lastWorkerIdentity ?? undefined }),
        said: said ? payloadConverter.fromPayload<Json>(said) : null,
      };
    });
  }

  /** Every execution of a run, oldest first: as often as it was resumed, retried, rolled back or continued as new. */
  async executionsOf(run: RunRef): Promise<Execution[]> {
    const query = `WorkflowId = ${quoted(runWorkflowId(run.project, run.runId))}`;
    const found: WorkflowExecutionInfo[] = [];
    await this.call(async () => {
      for await (const info of this.client.workflow.list({ query })) found.push(info);
    });
    const oldestFirst = found.sort((a, b) => a.startTime.getTime() - b.startTime.getTime());
    return Promise.all(
      oldestFirst.map(async ({ runId, status, startTime }) => {
        const { events } = await this.history(run, runId);
        return { executionId: runId, startedAt: startTime.getTime(), temporalStatus: status.name, events };
      }),
    );
  }

  /** The history of the newest execution or of the one named, in the form Temporal's own tools export. */
  async history(run: RunRef, executionId?: string): Promise<{ readonly events: readonly HistoryEvent[] }> {
    const history = await this.call(() => this.handle(run, executionId).fetchHistory(), { deadlineMs: 60_000 });
    return JSON.parse(historyToJSON(history)) as { events: HistoryEvent[] };
  }

  /** Server version, or why not. */
  async serverVersion(): Promise<string> {
    const info = await this.call(() => this.connection.workflowService.getSystemInfo({}));
    return info.serverVersion ?? 'unknown';
  }

  /** Fails: UserError when the namespace does not exist. */
  async checkNamespace(): Promise<void> {
    await this.call(() => this.connection.workflowService.describeNamespace({ namespace: this.target.namespace }));
  }

  /** Names of the search attributes of contracts/ that the namespace lacks. */
  async missingSearchAttributes(): Promise<string[]> {
    const { namespace } = this.target;
    const known = await this.call(() => this.connection.operatorService.listSearchAttributes({ namespace }));
    return Object.values(SEARCH_ATTRIBUTES)
      .map(({ name }) => name)
      .filter((name) => known.customAttributes?.[name] === undefined);
  }

  /** Register what {@link missingSearchAttributes} names. */
  async registerSearchAttributes(names: readonly string[]): Promise<void> {
    const types = { KEYWORD: 2, DOUBLE: 4 } as const; // temporal.api.enums.v1.IndexedValueType
    const keys = Object.values(SEARCH_ATTRIBUTES).filter(({ name }) => names.includes(name));
    await this.call(() =>
      this.connection.operatorService.addSearchAttributes({
        namespace: this.target.namespace,
        searchAttributes: Object.fromEntries(keys.map(({ name, type }) => [name, types[type]])),
      }),
    );
  }

  /** Who polls the task queue now, by identity. */
  async pollers(taskQueue = this.target.taskQueue): Promise<QueuePollers> {
    const describe = async (taskQueueType: 1 | 2) => {
      const { namespace } = this.target;
      const request = { namespace, taskQueue: { name: taskQueue }, taskQueueType };
      const answer = await this.call(() => this.connection.workflowService.describeTaskQueue(request));
      return (answer.pollers ?? []).map(({ identity }) => identity ?? 'unknown');
    };
    return { workflow: await describe(1), activity: await describe(2) };
  }

  private handle(run: RunRef, executionId?: string) {
    return this.client.workflow.getHandle(runWorkflowId(run.project, run.runId), executionId);
  }

  private async call<T>(
    request: () => Promise<T>,
    { deadlineMs = CALL_MS, needsWorker = false }: { deadlineMs?: number; needsWorker?: boolean } = {},
  ): Promise<T> {
    try {
      return await this.connection.withDeadline(Date.now() + deadlineMs, request);
    } catch (error) {
      throw translate(error, this.target, needsWorker);
    }
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
        await temporal.checkNamespace();
        // The attributes arrive a moment after the namespace, and a run that starts before them is refused.
        if ((await temporal.missingSearchAttributes()).length === 0) return;
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

function toExecution(info: WorkflowExecutionInfo | WorkflowExecutionDescription): RunExecution {
  const attribute = info.typedSearchAttributes;
  const open = info.status.name === 'RUNNING' || info.status.name === 'PAUSED';
  const ownStatus = attribute.get(SEARCH_ATTRIBUTES.status);
  const stopped = info.status.name === 'TERMINATED' || info.status.name === 'TIMED_OUT';
  const optional = {
    stage: attribute.get(SEARCH_ATTRIBUTES.stage),
    waitingFor: attribute.get(SEARCH_ATTRIBUTES.waitingFor),
    mode: attribute.get(SEARCH_ATTRIBUTES.mode),
    costUsd: attribute.get(SEARCH_ATTRIBUTES.costUsd),
    closedAt: info.closeTime?.getTime(),
  };
  return {
    run: parseRunWorkflowId(info.workflowId) ?? { project: '', runId: info.workflowId },
    executionId: info.runId,
    open,
    canceled: info.status.name === 'CANCELLED',
    status: stopped ? info.status.name : (ownStatus ?? info.status.name),
    pipeline: attribute.get(SEARCH_ATTRIBUTES.pipeline) ?? pipelineOf(info.memo),
    startedAt: info.startTime.getTime(),
    historyEvents: info.historyLength,
    ...withoutUndefined(optional),
  };
}

function pipelineOf(memo: Readonly<Record<string, unknown>> | undefined): string {
  const pipeline = memo?.['pipeline'];
  return typeof pipeline === 'string' ? pipeline : '';
}

function withoutUndefined<T extends object>(value: T): { [K in keyof T]?: NonNullable<T[K]> } {
  const kept = Object.entries(value).filter(([, field]) => field !== undefined && field !== '');
  return Object.fromEntries(kept) as { [K in keyof T]?: NonNullable<T[K]> };
}

function visibilityQuery(filter: RunFilter): string {
  const equals = (name: string, value: string) => `${name} = ${quoted(value)}`;
  return [
    equals('WorkflowType', PIPELINE_RUN),
    'ExecutionStatus != "ContinuedAsNew"',
    ...(filter.project ? [equals(SEARCH_ATTRIBUTES.project.name, filter.project)] : []),
    ...(filter.pipeline ? [equals(SEARCH_ATTRIBUTES.pipeline.name, filter.pipeline)] : []),
    ...(filter.status ? [equals(SEARCH_ATTRIBUTES.status.name, filter.status)] : []),
    ...(filter.open ? [equals('ExecutionStatus', 'Running')] : []),
  ].join(' AND ');
}

function quoted(value: string): string {
  return `"${value.replace(/[\\"]/g, '\\$&')}"`;
}

/** An SDK error as one of ours; what nobody foresaw stays as it is. */
function translate(error: unknown, target: Target, needsWorker: boolean): unknown {
  if (error instanceof Fault) return error;
  if (error instanceof WorkflowUpdateFailedError) return updateFailure(error);
  if (error instanceof WorkflowNotFoundError)
    return new NotFoundError(`No such run, or it has ended: ${error.message}`);
  if (error instanceof WorkflowExecutionAlreadyStartedError) {
    return new RefusedError('A run with this id is there already.', SEE_STATUS);
  }
  if (error instanceof NamespaceNotFoundError) {
    return new UserError(
      `The server at ${target.address} has no namespace "${target.namespace}".`,
      `Make it with \`temporal operator namespace create -n ${target.namespace}\`, or name another with --namespace.`,
    );
  }
  const grpc = grpcCause(error);
  const waited = error instanceof WorkflowUpdateRPCTimeoutOrCancelledError || grpc?.code === GRPC.deadline;
  if (needsWorker && (waited || grpc?.code === GRPC.precondition)) return noWorker(target, grpc?.details, error);
  if (error instanceof QueryNotRegisteredError || grpc?.code === GRPC.invalid) return invalid(error, grpc?.details);
  const lost = [GRPC.unavailable, GRPC.deadline, GRPC.cancelled, GRPC.denied, GRPC.auth];
  if (grpc && lost.includes(grpc.code)) return unreachable(target, error, grpc.details);
  return error;
}

function updateFailure(error: WorkflowUpdateFailedError): unknown {
  const { cause } = error;
  return cause instanceof ApplicationFailure && cause.type === REFUSED
    ? new RefusedError(cause.message)
    : (cause ?? error);
}

function noWorker(target: Target, details: string | undefined, cause: unknown): NoWorkerError {
  return new NoWorkerError(
    `No worker answers on task queue "${target.taskQueue}". The run is safe and goes on when one is there.`,
    `Start one with \`gantry worker\` (or \`gantry dev\`)${details ? `; the server says: ${details}` : ''}.`,
    { cause },
  );
}

function invalid(error: unknown, details: string | undefined): unknown {
  const message = details ?? (error as Error).message;
  if (/nondeterminism/i.test(message)) {
    return new ServiceError(
      `The workers run other code than this run began with, and do not go on with it: ${message}`,
      'Start workers of the version it began with; `gantry replay RUN` shows where the two part.',
      { cause: error },
    );
  }
  if (!/search attribute/i.test(message)) return error;
  return new UserError(
    `The namespace lacks gantry's search attributes: ${message}`,
    'Register them with `gantry doctor --fix`.',
    { cause: error },
  );
}

function unreachable(target: Target, cause: unknown, details?: string): ServiceError {
  return new ServiceError(
    `No Temporal server answers at ${target.address} (from ${target.source})${details ? `: ${details}` : '.'}`,
    'Start one with `gantry dev`, or name yours with --address or TEMPORAL_ADDRESS.',
    { cause },
  );
}

function grpcCause(error: unknown): { readonly code: number; readonly details: string } | undefined {
  for (let current = error; current instanceof Error; current = current.cause) {
    if (isGrpcServiceError(current)) return { code: current.code, details: current.details };
  }
  return undefined;
}
