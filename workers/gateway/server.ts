import { randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { admitCaller } from './admit-caller';
import { createCatalogue } from './catalogue';
import { addChat } from './chat/chat-route';
import { addEmbeddings } from './embeddings';
import { ApiError, badRequest, ownFault } from './errors';
import { addInsight, addProbes } from './health';
import { addModels } from './models-route';
import { notServed } from './not-served';
import type { GatewayPorts } from './ports';
import { malformed, refusedByServer } from './refused-by-server';
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
    frameworkErrors: (error, request, reply) => {
      reply.header('x-request-id', request.id);
      answerError(ports, error, request, reply);
    },
    clientErrorHandler: (error, socket) => {
      if (socket.writable) socket.end(malformed(error.code));
    },
  });
  app.decorateRequest('caller');
  app.setErrorHandler((error, request, reply) => answerError(ports, error, request, reply));
  app.setNotFoundHandler((request, reply) => write(reply, notServed(app, request)));
  app.addHook('onRequest', (request, reply, done) => {
    reply.header('x-request-id', request.id);
    done();
  });
  addProbes(app, ports);
  await app.register(async (guarded) => {
    takeJson(guarded);
    guarded.addHook('onRequest', (request, _reply, done) => {
      request.caller = admitCaller(ports.keys, request);
      refuseEncoded(request);
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

/** Bodies are sent on as they came, and read before. Fails: ApiError 400. */
function refuseEncoded({ headers }: FastifyRequest): void {
  const encoding = headers['content-encoding'];
  if (encoding === undefined || encoding === '' || encoding === 'identity') return;
  throw badRequest('Send the body as it is, without content-encoding.', undefined, 'unsupported_content_encoding');
}

/** Unique over all processes, and cheap. */
function requestIds(): (request: IncomingMessage) => string {
  const process = randomBytes(9).toString('hex');
  let count = 0;
  return () => `req_${process}${(count += 1).toString(36)}`;
}

function answerError(ports: GatewayPorts, error: unknown, request: FastifyRequest, reply: FastifyReply): void {
  if (error instanceof ApiError) return write(reply, error);
  const known = refusedByServer(error, ports.limits);
  if (!known) ports.log.error({ error, id: request.id }, 'a request failed');
  write(reply, known ?? ownFault());
}

function write(reply: FastifyReply, error: ApiError): void {
  void reply
    .code(error.status)
    .headers({ ...error.headers(), 'content-type': 'application/json; charset=utf-8' })
    .send(error.json());
}
