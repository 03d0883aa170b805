import { isGrpcServiceError, WorkflowNotFoundError, type Client } from '@temporalio/client';

/** Temporal did not answer. */
export class TasksUnavailable extends Error {
  override readonly name = 'TasksUnavailable';
}

/** What the server answers within so many milliseconds. Fails: {@link TasksUnavailable}, where it does not. */
export async function answerWithin<T>(client: Client, ms: number, ask: () => Promise<T>): Promise<T> {
  try {
    return await client.withDeadline(Date.now() + ms, ask);
  } catch (error) {
    if (!(error instanceof Error) || !(isGrpcServiceError(error) || isGrpcServiceError(error.cause))) throw error;
    throw new TasksUnavailable(`Temporal does not answer: ${error.message}`, { cause: error });
  }
}

/** Undefined where the server knows no such workflow, or it has ended and takes nothing any more. */
export async function unlessUnknown<T>(asked: Promise<T>): Promise<T | undefined> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return undefined;
    throw error;
  }
}
