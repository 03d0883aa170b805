import { ApiError } from '../errors';
import { TasksUnavailable } from './task-door';

/** How soon asking again is worth while. */
const AGAIN_MS = 5_000;

/** What a client is told where Temporal gives no answer. */
export async function answering<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    if (!(error instanceof TasksUnavailable)) throw error;
    throw new ApiError(
      503,
      { message: `Tasks cannot be reached now. ${error.message}`, type: 'api_error', code: 'tasks_unavailable' },
      { retryAt: Date.now() + AGAIN_MS, cause: error },
    );
  }
}
