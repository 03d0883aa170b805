import type { WorkflowHandle } from '@temporalio/client';
import type { QueryDefinition } from '@temporalio/workflow';
import { waitUntil } from './wait-until';

/** Ask a workflow, and again where the server does not get round to it: on a loaded machine some queries are given up. */
export async function patientQuery<T>(
  workflow: Pick<WorkflowHandle, 'query'>,
  query: QueryDefinition<T, []>,
): Promise<T> {
  const { answer } = await waitUntil(async () => ({ answer: await workflow.query(query) }));
  return answer;
}
