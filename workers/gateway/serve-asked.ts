import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Asked, Course, Operation } from './asked';
import { clientIdOf } from './client-id';
import { ApiError } from './errors';
import { keepCount } from './keep-count';
import type { GatewayPorts } from './ports';
import { wordsOf } from './words';

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
    const { task, project } = wordsOf(request);
    asked = { ...asked, task, project };
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
    clientId: clientIdOf(request),
    model: undefined,
    task: undefined,
    project: undefined,
    inputTokens: 0,
    maxOutputTokens: undefined,
    stream: false,
    since: Date.now(),
    signal: gone.signal,
  };
}
