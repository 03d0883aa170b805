import { Client, WorkflowNotFoundError, type ConnectionLike } from '@temporalio/client';
import type { Holder, HolderPort } from '../../activities/budgets/create-ledger-activities';
import { SEARCH_ATTRIBUTES } from '../../contracts/search-attributes';

/** What of a workflow that holds money can be learned from Temporal. */
export function createHolders({
  connection,
  namespace,
}: {
  readonly connection: ConnectionLike;
  readonly namespace: string;
}): HolderPort {
  const client = new Client({ connection, namespace });
  return { holder: (workflowId) => lookAt(client, workflowId) };
}

/** A run says what it has spent in its search attribute, with every change. */
async function lookAt(client: Client, workflowId: string): Promise<Holder> {
  try {
    const { closeTime, typedSearchAttributes } = await client.workflow.getHandle(workflowId).describe();
    if (closeTime === undefined) return { open: true };
    const costUsd = typedSearchAttributes.get(SEARCH_ATTRIBUTES.costUsd);
    return { open: false, ...(costUsd !== undefined && { costUsd }) };
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return { open: false };
    throw error;
  }
}
