import { Client } from '@temporalio/client';
import type { NativeConnection } from '@temporalio/worker';
import { hostWorkflowId, SESSION_HOST, type SessionHostInput } from '../../contracts/messages';

/** Make the workflow that stands for a session host, or find the one that does. */
export async function standUpHost(
  { connection, namespace }: { readonly connection: NativeConnection; readonly namespace: string },
  /** Where the workflow itself runs. */
  workflowQueue: string,
  input: SessionHostInput,
): Promise<void> {
  const client = new Client({ connection, namespace });
  await client.workflow.start(SESSION_HOST, {
    workflowId: hostWorkflowId(input.host),
    taskQueue: workflowQueue,
    args: [input],
    workflowIdConflictPolicy: 'USE_EXISTING',
    workflowIdReusePolicy: 'ALLOW_DUPLICATE',
    staticSummary: `sessions of ${input.host}`,
  });
}
