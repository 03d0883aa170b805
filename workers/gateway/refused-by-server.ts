import { ApiError, badRequest } from './errors';
import type { GatewayLimits } from './ports';

/** What the server itself does not take, in words for whoever sent it; undefined: it is no such error. */
export function refusedByServer(error: unknown, limits: Pick<GatewayLimits, 'bodyBytes'>): ApiError | undefined {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  switch (code) {
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return badRequest(`The body is longer than ${limits.bodyBytes} bytes.`, undefined, 'request_too_large');
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
    case 'FST_ERR_CTP_INVALID_CONTENT_LENGTH':
    case 'FST_ERR_CTP_EMPTY_JSON_BODY':
      return badRequest('Send a JSON body, with content-type: application/json.', undefined, 'invalid_content_type');
    case 'FST_ERR_BAD_URL':
      return badRequest(
        'The URL cannot be read: a % in it is followed by two hexadecimal digits.',
        undefined,
        'invalid_url',
      );
    case 'ECONNRESET':
      return badRequest('The body did not come whole: its connection was closed.', undefined, 'incomplete_body');
    default:
      return undefined;
  }
}

/** For requests that are no HTTP, or that do not come in: bytes for a connection that has no reply to write to. */
export function malformed(code: string | undefined): string {
  const { status, message } = WHY[code ?? ''] ?? {
    status: '400 Bad Request',
    message: 'The request cannot be read as HTTP.',
  };
  const body = new ApiError(400, { message, type: 'invalid_request_error', code: 'malformed_request' }).json();
  const head = [
    `HTTP/1.1 ${status}`,
    'content-type: application/json; charset=utf-8',
    `content-length: ${Buffer.byteLength(body)}`,
    'x-should-retry: false',
    'connection: close',
  ];
  return `${head.join('\r\n')}\r\n\r\n${body}`;
}

const WHY: Readonly<Record<string, { readonly status: string; readonly message: string }>> = {
  ERR_HTTP_REQUEST_TIMEOUT: { status: '408 Request Timeout', message: 'The request did not come in time.' },
  HPE_HEADER_OVERFLOW: {
    status: '431 Request Header Fields Too Large',
    message: 'The headers of the request are longer than 16 KiB.',
  },
};
