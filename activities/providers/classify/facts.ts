/** What is known of a failed call, in one form for all vendors. Rules read nothing else. */
export interface FailureFacts {
  /** The HTTP status; inside a stream, the one the error object names. */
  readonly status?: number;
  /** The vendor's broad category: `rate_limit_error`, `RESOURCE_EXHAUSTED`. */
  readonly type?: string;
  /** The vendor's precise code: `insufficient_quota`. */
  readonly code?: string;
  readonly message: string;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  /** The error object of the body as it came. */
  readonly error?: Record<string, unknown>;
  /** Names and codes of the error and its causes, outermost first. */
  readonly causes: readonly string[];
}

const MESSAGE_LIMIT = 600;

/** Facts of an answer that is no stream: an error status, or a 200 that carries an error or a web page. */
export function factsOfResponse(status: number, headers: Readonly<Record<string, string>>, body: string): FailureFacts {
  const error = errorObject(parse(body));
  const stated = status >= 400 ? undefined : statusIn(error);
  return {
    status: stated ?? status,
    ...describe(error),
    message: brief(messageIn(error) ?? (textOf(body) || `HTTP ${status} without a body`)),
    headers,
    ...(error ? { error } : {}),
    causes: [],
  };
}

/** Facts of what an SDK threw before there was an answer, or while it streamed. Such errors carry no status. */
export function factsOfError(thrown: unknown, headers: Readonly<Record<string, string>> = {}): FailureFacts {
  const error = errorObject((thrown as { error?: unknown }).error);
  const status = statusIn(error);
  const message = messageIn(error) ?? innermostMessage(thrown);
  return {
    ...(status === undefined ? {} : { status }),
    ...describe(error),
    message: brief(message),
    headers,
    ...(error ? { error } : {}),
    causes: causesOf(thrown),
  };
}

/** The error object in a body: `{error: {…}}`, `[{error: {…}}]`, `{error: "text"}`, or the object itself. */
function errorObject(body: unknown): Record<string, unknown> | undefined {
  if (typeof body === 'string') return { message: body };
  if (Array.isArray(body)) return errorObject(body[0]);
  if (typeof body !== 'object' || body === null) return undefined;
  const { error } = body as { error?: unknown };
  return error === undefined || error === null ? (body as Record<string, unknown>) : errorObject(error);
}

function describe(error: Record<string, unknown> | undefined): { type?: string; code?: string } {
  const type = firstText(error?.['type'], error?.['status']);
  const code = firstText(
    field(error, 'details', 'error_code'),
    error?.['code'],
    field(error, 'metadata', 'error_type'),
  );
  return { ...(type ? { type } : {}), ...(code ? { code } : {}) };
}

function statusIn(error: Record<string, unknown> | undefined): number | undefined {
  const code = Number(error?.['code']);
  return Number.isInteger(code) && code >= 400 && code < 600 ? code : undefined;
}

function messageIn(error: Record<string, unknown> | undefined): string | undefined {
  return firstText(error?.['message'], error?.['detail'], error?.['error']);
}

function field(object: Record<string, unknown> | undefined, outer: string, inner: string): unknown {
  const value = object?.[outer];
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[inner] : undefined;
}

/** The first that says something; a number is only a code when it is no HTTP status. */
function firstText(...values: unknown[]): string | undefined {
  return values.find(
    (value): value is string => typeof value === 'string' && value !== '' && !/^[45]\d\d$/.test(value),
  );
}

function causesOf(thrown: unknown): string[] {
  const found = chainOf(thrown).flatMap((link) => [link.constructor.name, firstText(link.name), firstText(link.code)]);
  return [...new Set(found)].filter((text) => text !== undefined);
}

/** `fetch failed` says nothing: the last cause that has words does. */
function innermostMessage(thrown: unknown): string {
  const said = chainOf(thrown).map(({ message, code }) => firstText(message, code));
  return said.findLast((text) => text !== undefined) ?? String(thrown);
}

interface Link {
  readonly name?: unknown;
  readonly code?: unknown;
  readonly message?: unknown;
  readonly cause?: unknown;
}

/** An error and its causes. Errors that name each other exist; five levels are more than any SDK here makes. */
function chainOf(thrown: unknown): Link[] {
  const chain: Link[] = [];
  for (let next = thrown; chain.length < 5 && typeof next === 'object' && next !== null; next = (next as Link).cause) {
    chain.push(next);
  }
  return chain;
}

function parse(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

/** The words of a web page or a plain text, on one line. */
function textOf(body: string): string {
  return body
    .replace(/<(style|script)[\s\S]*?<\/\1>/gi, ' ')
    .replace(/<[^>]*>/g, ' ')
    .replace(/\s+/g, ' ')
    .trim();
}

function brief(message: string): string {
  return message.length <= MESSAGE_LIMIT ? message : `${message.slice(0, MESSAGE_LIMIT)}…`;
}
