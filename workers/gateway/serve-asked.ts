import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Asked, Course, Operation } from './asked';
import { ApiError, badRequest } from './errors';
import { keepCount } from './keep-count';
import type { GatewayPorts } from './ports';

/** The client went away before its answer was whole. */
export class ClientGone extends Error {
  override readonly name = 'ClientGone';

  constructor() {
    super('the client is gone');
  }
}

/** What nginx writes down for clients that are gone. */
const CLIENT_GONE = 499;

/** What a body says of the request. */
export type Particulars = Pick<Asked, 'model' | 'inputTokens' | 'maxOutputTokens' | 'stream'>;

/** Serve one request that asks models, and keep count of it however it ends. Fails as `serve` does. */
export async function serveAsked(
  ports: GatewayPorts,
  operation: Operation,
  request: FastifyRequest,
  reply: FastifyReply,
  steps: {
    /** Fails: ApiError 400. */
    readonly read: () => Particulars;
    readonly serve: (asked: Asked, course: Course) => Promise<void>;
  },
): Promise<void> {
  const served = ports.metrics.serve();
  const course: Course = { trials: [], calls: 0 };
  let asked = beginAsked(operation, request, reply);
  let status = 200;
  try {
    const { model, inputTokens, maxOutputTokens, stream } = steps.read();
    asked = { ...asked, model, inputTokens, maxOutputTokens, stream };
    await steps.serve(asked, course);
    if (asked.signal.aborted) status = CLIENT_GONE;
  } catch (error) {
    status = asked.signal.aborted ? CLIENT_GONE : error instanceof ApiError ? error.status : 500;
    course.error = error instanceof ApiError ? (error.body.code ?? error.body.type) : String((error as Error).name);
    if (!asked.signal.aborted) throw error;
    // Nobody is there to be told.
    reply.hijack();
  } finally {
    served();
    keepCount(ports, asked, course, status);
  }
}

function beginAsked(operation: Operation, request: FastifyRequest, reply: FastifyReply): Asked {
  const gone = new AbortController();
  reply.raw.once('close', () => {
    if (!reply.raw.writableFinished) gone.abort(new ClientGone());
  });
  return {
    id: request.id,
    operation,
    caller: request.caller,
    model: undefined,
    task: word(request, 'x-gantry-task'),
    project: word(request, 'x-gantry-project'),
    inputTokens: 0,
    maxOutputTokens: undefined,
    stream: false,
    since: Date.now(),
    signal: gone.signal,
  };
}

/** Words of headers become names in profiles and audits. */
const WORD = /^[\w.:/-]{1,80}$/;

function word({ headers }: FastifyRequest, name: string): string | undefined {
  const value = headers[name];
  if (value === undefined || value === '') return undefined;
  if (typeof value === 'string' && WORD.test(value)) return value;
  throw badRequest(`The header ${name} must be one word of letters, digits, - _ . : and /, 80 at most.`, name);
}
