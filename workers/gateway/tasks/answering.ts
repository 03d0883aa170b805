import { TasksUnavailable } from '../../doors/tasks/server-answers';
import { ApiError } from '../errors';

/** How soon asking again is worth while. */
const AGAIN_MS = 5_000;

/** What a client is told where Temporal gives no answer; `instead`, where that is not all there is to say. */
export async function answering<T>(ask: () => Promise<T>, instead = unavailable): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    throw error instanceof TasksUnavailable ? instead(error) : error;
  }
}

function unavailable(cause: TasksUnavailable): ApiError {
  const message = `Tasks cannot be reached now. ${cause.message}`;
  return new ApiError(503, { message, ...UNAVAILABLE }, { retryAt: Date.now() + AGAIN_MS, cause });
}

/**
 * A task may have been begun that its client knows nothing of. SDKs would ask again by themselves, and have all of it
 * made and paid twice.
 */
export function perhapsBegun(id: string): (cause: TasksUnavailable) => ApiError {
  return (cause) => {
    const message =
      `Whether ${id} was begun is not known. ${cause.message}. GET /v1/tasks/${id} tells once it does; asking again ` +
      'makes another one, where both do not come with the same Idempotency-Key.';
    return new ApiError(503, { message, ...UNAVAILABLE }, { cause });
  };
}

const UNAVAILABLE = { type: 'api_error', code: 'tasks_unavailable' } as const;
