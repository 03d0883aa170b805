import { randomUUID } from 'node:crypto';
import { WithStartWorkflowOperation } from '@temporalio/client';
import {
  PROVIDER_BREAKER,
  STANDING_MEMO,
  breakerWorkflowId,
  isolateUpdate,
  resetUpdate,
  type BreakerInput,
  type Standing,
} from '../../contracts/breakers';
import type { Answer, RequestMessage } from '../../contracts/messages';
import { NotFoundError } from '../faults';
import type { Door } from './door';

const UPDATE_MS = 15_000;

/** What gantry asks of the breakers before providers. How they stand is in their memo: no worker is asked for it. */
export class Breakers {
  constructor(private readonly door: Door) {}

  /** Every breaker that has something to tell, by name: a provider, or `provider/model`. */
  async standings(): Promise<ReadonlyMap<string, Standing>> {
    const query = `WorkflowType = '${PROVIDER_BREAKER}' AND ExecutionStatus = 'Running'`;
    const prefix = breakerWorkflowId('');
    const found = new Map<string, Standing>();
    await this.door.call(async () => {
      for await (const { workflowId, memo } of this.door.client.workflow.list({ query, pageSize: 200 })) {
        const standing = memo?.[STANDING_MEMO] as Standing | undefined;
        if (workflowId.startsWith(prefix) && standing) found.set(workflowId.slice(prefix.length), standing);
      }
    });
    return found;
  }

  /** Send nothing to a provider until somebody resets its breaker. Fails: RefusedError, NoWorkerError. */
  async isolate(breaker: string, request: RequestMessage): Promise<Answer> {
    const startWorkflowOperation = new WithStartWorkflowOperation<(input: BreakerInput) => Promise<unknown>>(
      PROVIDER_BREAKER,
      {
        workflowId: breakerWorkflowId(breaker),
        taskQueue: this.door.target.taskQueue,
        args: [{ provider: breaker }],
        workflowIdConflictPolicy: 'USE_EXISTING',
        staticSummary: `breaker of ${breaker}`,
      },
    );
    return this.update(() =>
      this.door.client.workflow.executeUpdateWithStart(isolateUpdate, {
        startWorkflowOperation,
        args: [request],
        updateId: randomUUID(),
      }),
    );
  }

  /** Close a breaker and forget its failures. Fails: RefusedError, NotFoundError, NoWorkerError. */
  async reset(breaker: string, request: RequestMessage): Promise<Answer> {
    const handle = this.door.client.workflow.getHandle(breakerWorkflowId(breaker));
    try {
      return await this.update(() => handle.executeUpdate(resetUpdate, { args: [request], updateId: randomUUID() }));
    } catch (error) {
      if (!(error instanceof NotFoundError)) throw error;
      const message = `${breaker} has no breaker: nobody has reported a failure of it, and nobody has disabled it.`;
      throw new NotFoundError(message, 'See those there are with `gantry providers`.', { cause: error });
    }
  }

  private update<T>(ask: () => Promise<T>): Promise<T> {
    return this.door.call(ask, { deadlineMs: UPDATE_MS, needsWorker: true });
  }
}
