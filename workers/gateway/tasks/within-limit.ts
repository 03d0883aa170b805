import { TASK_LIMITS } from '../../../contracts/tasks/order';
import { ApiError } from '../errors';

/** All of a stream, so long as it is not longer than `limit` bytes. Fails: ApiError 413. */
export async function* withinLimit(
  chunks: AsyncIterable<Buffer | string>,
  limit: number = TASK_LIMITS.bytes,
): AsyncGenerator<Buffer> {
  let bytes = 0;
  for await (const chunk of chunks) {
    const buffer = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
    bytes += buffer.length;
    if (bytes > limit) throw tooLarge(limit);
    yield buffer;
  }
}

/** @param limit In bytes. */
export function tooLarge(limit: number): ApiError {
  const message = `More than ${Math.floor(limit / 1024 / 1024)} MB were sent. Divide it into several batches.`;
  return new ApiError(413, { message, type: 'invalid_request_error', code: 'request_too_large' });
}
