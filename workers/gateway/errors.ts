import type { OutgoingHttpHeaders } from 'node:http';

/** What an error of OpenAI's API is made of. Its clients read every one of these fields. */
export interface ErrorBody {
  readonly message: string;
  readonly type: string;
  readonly param: string | null;
  readonly code: string | null;
}

/** A client that is told to come back later than this comes back at once: it had better not come at all. */
const WORTH_WAITING_MS = 60_000;

/** An answer that is an error, in OpenAI's shape. Thrown by whoever serves a request, written by the server. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly body: ErrorBody;
  /** When asking again may help, epoch milliseconds. */
  readonly retryAt: number | undefined;

  constructor(
    readonly status: number,
    body: Omit<ErrorBody, 'param'> & { readonly param?: string | null },
    private readonly options: {
      readonly retryAt?: number | undefined;
      readonly cause?: unknown;
      readonly headers?: OutgoingHttpHeaders;
    } = {},
  ) {
    super(body.message, { cause: options.cause });
    this.body = { message: body.message, type: body.type, param: body.param ?? null, code: body.code };
    this.retryAt = options.retryAt;
  }

  /** `retry-after` where waiting helps; `x-should-retry: false` where asking again soon is pointless. */
  headers(now = Date.now()): OutgoingHttpHeaders {
    const waitMs = this.retryAt === undefined ? undefined : Math.max(0, this.retryAt - now);
    const soon = waitMs !== undefined && waitMs <= WORTH_WAITING_MS;
    return {
      ...this.options.headers,
      ...(waitMs !== undefined && { 'retry-after': String(Math.max(1, Math.ceil(waitMs / 1000))) }),
      ...(!soon && { 'x-should-retry': 'false' }),
    };
  }

  json(): string {
    return JSON.stringify({ error: this.body });
  }
}

/** The request itself is wrong. `param` names the field. */
export function badRequest(message: string, param?: string, code: string | null = null): ApiError {
  return new ApiError(400, { message, type: 'invalid_request_error', param: param ?? null, code });
}

export function unknownModel(model: string): ApiError {
  return new ApiError(404, {
    message: `The model \`${model}\` does not exist here, or your key may not use it. GET /v1/models lists those it may use.`,
    type: 'invalid_request_error',
    param: 'model',
    code: 'model_not_found',
  });
}

export function wrongKey(given: boolean): ApiError {
  return new ApiError(401, {
    message: given
      ? 'Incorrect API key provided. Keys are configured under gateway.keys.'
      : 'You did not provide an API key. Send it as: Authorization: Bearer KEY.',
    type: 'invalid_request_error',
    code: 'invalid_api_key',
  });
}

/** A defect of the gateway: its log has more. */
export function ownFault(): ApiError {
  return new ApiError(500, {
    message: 'The gateway failed. Its log says why, under the x-request-id of this answer.',
    type: 'server_error',
    code: 'internal_error',
  });
}
