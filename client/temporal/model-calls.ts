import { ApplicationFailure, WorkflowFailedError } from '@temporalio/client';
import {
  MODEL_CALL,
  modelCallQuery,
  modelCallWorkflowId,
  type ModelCallInput,
  type ModelCallResult,
  type ModelCallView,
} from '../../contracts/model-call';
import type { CallProgress } from '../../contracts/models';
import { NotFoundError } from '../faults';
import type { Door } from './door';
import { pendingOf } from './pending';

/** A question to models as the server knows it now. */
export interface ModelCallStanding {
  readonly open: boolean;
  /** Epoch milliseconds. */
  readonly startedAt: number;
  readonly closedAt?: number;
  /** The call that is being made, and how far it is. */
  readonly call?: { readonly id: string; readonly progress: CallProgress };
}

export type ModelCallEnd =
  | { readonly result: ModelCallResult }
  | {
      readonly failure: { readonly type: string; readonly message: string };
      readonly view?: ModelCallView;
    };

const QUERY_MS = 5_000;

/** What gantry asks of questions to models. */
export class ModelCalls {
  constructor(private readonly door: Door) {}

  async start(input: ModelCallInput, details: string): Promise<void> {
    await this.door.call(() =>
      this.door.client.workflow.start(MODEL_CALL, {
        workflowId: modelCallWorkflowId(input.id),
        taskQueue: this.door.target.taskQueue,
        args: [input],
        workflowIdReusePolicy: 'REJECT_DUPLICATE',
        staticSummary: details.slice(0, 200),
      }),
    );
  }

  /** Fails: NotFoundError. */
  async look(id: string): Promise<ModelCallStanding> {
    const { raw, status, startTime, closeTime } = await this.describe(id);
    const calls = (await pendingOf(this.door, raw)).filter(({ type }) => type === 'callModel');
    const [call] = calls;
    const progress = call === undefined ? undefined : readProgress(call.said);
    return {
      open: status.name === 'RUNNING' || status.name === 'PAUSED',
      startedAt: startTime.getTime(),
      ...(closeTime === undefined ? {} : { closedAt: closeTime.getTime() }),
      ...(call === undefined || progress === undefined
        ? {}
        : { call: { id: `${call.activityId}#${call.attempt}`, progress } }),
    };
  }

  private async describe(id: string) {
    try {
      return await this.door.call(() => this.handle(id).describe());
    } catch (error) {
      if (!(error instanceof NotFoundError)) throw error;
      const hint = 'Its id is what `gantry ask --no-wait` printed; the server forgets what ended long ago.';
      throw new NotFoundError(`Nobody has asked a question "${id}".`, hint, { cause: error });
    }
  }

  /** What came of one so far. Fails: NoWorkerError when no worker answers within five seconds. */
  async view(id: string): Promise<ModelCallView> {
    return this.door.call(() => this.handle(id).query(modelCallQuery), { deadlineMs: QUERY_MS, needsWorker: true });
  }

  /** How one ended that is not open any more. */
  async end(id: string): Promise<ModelCallEnd> {
    return this.door.call(async () => {
      try {
        return { result: (await this.handle(id).result()) as ModelCallResult };
      } catch (error) {
        if (!(error instanceof WorkflowFailedError)) throw error;
        return endOf(error);
      }
    });
  }

  private handle(id: string) {
    return this.door.client.workflow.getHandle(modelCallWorkflowId(id));
  }
}

function endOf({ cause, message }: WorkflowFailedError): ModelCallEnd {
  if (!(cause instanceof ApplicationFailure)) {
    return { failure: { type: 'Run.Broken', message: cause?.message ?? message } };
  }
  const view = cause.details?.[0] as ModelCallView | undefined;
  return {
    failure: { type: cause.type ?? 'Run.Broken', message: cause.message },
    ...(view === undefined ? {} : { view }),
  };
}

/** Heartbeats of other versions may say other things. */
function readProgress(said: unknown): CallProgress | undefined {
  if (typeof said !== 'object' || said === null || !('asking' in said) || !('characters' in said)) return undefined;
  return said as CallProgress;
}
