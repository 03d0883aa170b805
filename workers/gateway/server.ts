import { randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { admitCaller } from './admit-caller';
import { createCatalogue } from './catalogue';
import { addChat } from './chat/chat-route';
import { addEmbeddings } from './embeddings';
import { ApiError, badRequest, ownFault, unknownUrl } from './errors';
import { addInsight, addProbes } from './health';
import { addModels } from './models-route';
import type { GatewayPorts } from './ports';
import { watchServedElsewhere } from './served-elsewhere';

/** Adds routes of another part of the gateway, before its own. They find who asks in `request.caller`. */
export type AddRoutes = (app: FastifyInstance, ports: GatewayPorts) => void | Promise<void>;

/** How often connections that do not get on with their request are looked for, milliseconds. */
const LOOK_AT_CONNECTIONS_MS = 1_000;

/** The gateway over its ports, ready to listen. `more`: routes that are only there where they are wanted. */
export async function createServer(ports: GatewayPorts, more: readonly AddRoutes[] = []): Promise<FastifyInstance> {
  const { limits } = ports;
  const app = Fastify({
    logger: false,
    bodyLimit: limits.bodyBytes,
    requestTimeout: limits.requestMs,
    genReqId: requestIds(),
    exposeHeadRoutes: false,
    forceCloseConnections: 'idle',
    http: { headersTimeout: limits.headersMs, connectionsCheckingInterval: LOOK_AT_CONNECTIONS_MS },
    clientErrorHandler: (error, socket) => {
      if (socket.writable) socket.end(malformed(error.code));
    },
  });
  app.decorateRequest('caller');
  app.setErrorHandler((error, request, reply) => answerError(ports, error, request, reply));
  app.setNotFoundHandler((request, reply) => write(reply, unknownUrl(request.method, request.url)));
  app.addHook('onRequest', (request, reply, done) => {
    reply.header('x-request-id', request.id);
    done();
  });
  addProbes(app, ports);
  await app.register(async (guarded) => {
    takeJson(guarded);
    guarded.addHook('onRequest', (request, _reply, done) => {
      request.caller = admitCaller(ports.keys, request);
      done();
    });
    const catalogue = createCatalogue(ports.config);
    if (more.length > 0) watchServedElsewhere(guarded, ports, catalogue);
    for (const add of more) await add(guarded, ports);
    addInsight(guarded, ports);
    addModels(guarded, catalogue);
    addChat(guarded, ports, catalogue);
    addEmbeddings(guarded, ports, catalogue);
  });
  return app;
}

/** Bodies stay bytes: they are parsed once, by whoever reads them, and sent on as they came. */
function takeJson(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
}

/** Unique over all processes, and cheap. */
function requestIds(): (request: IncomingMessage) => string {
  const process = randomBytes(9).toString('hex');
  let count = 0;
  return () => `req_${process}${(count += 1).toString(36)}`;
}

function answerError(ports: GatewayPorts, error: unknown, request: FastifyRequest, reply: FastifyReply): void {
  if (error instanceof ApiError) return write(reply, error);
  const known = refusedByServer(error, ports);
  if (!known) ports.log.error({ error, id: request.id }, 'a request failed');
  write(reply, known ?? ownFault());
}

function write(reply: FastifyReply, error: ApiError): void {
  void reply
    .code(error.status)
    .headers({ ...error.headers(), 'content-type': 'application/json; charset=utf-8' })
    .send(error.json());
}

/** What the server itself does not take, in words for whoever sent it. */
function refusedByServer(error: unknown, { limits }: GatewayPorts): ApiError | undefined {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  switch (code) {
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return badRequest(`The body is longer than ${limits.bodyBytes} bytes.`, undefined, 'request_too_large');
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
    case 'FST_ERR_CTP_INVALID_CONTENT_LENGTH':
    case 'FST_ERR_CTP_EMPTY_JSON_BODY':
      return badRequest('Send a JSON body, with content-type: application/json.', undefined, 'invalid_content_type');
    case 'FST_ERR_BAD_URL':
      return badRequest('The URL cannot be read.', undefined, 'invalid_url');
    default:
      return undefined;
  }
}

/** For requests that are no HTTP, or that do not come in: there is no reply to write to. */
function malformed(code: string | undefined): string {
  const late = code === 'ERR_HTTP_REQUEST_TIMEOUT';
  const status = late
    ? '408 Request Timeout'
    : code === 'HPE_HEADER_OVERFLOW'
      ? '431 Headers Too Large'
      : '400 Bad Request';
  const message = late ? 'The request did not come in time.' : 'The request cannot be read as HTTP.';
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
