import type { FastifyRequest } from 'fastify';
import { ApiError } from '../errors';

const LONGEST_KEY = 255;

/** The key of the header Idempotency-Key, which is the same for every try of a request. Undefined: it has none. Fails: ApiError 400. */
export function idempotencyKeyOf({ headers }: FastifyRequest): string | undefined {
  const key = headers['idempotency-key'];
  if (key === undefined || key === '') return undefined;
  if (typeof key === 'string' && key.length <= LONGEST_KEY) return key;
  throw new ApiError(400, {
    message: `The header Idempotency-Key must be a text of ${LONGEST_KEY} characters at most.`,
    type: 'invalid_request_error',
    code: 'invalid_idempotency_key',
  });
}
