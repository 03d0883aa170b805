import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Catalogue } from './catalogue';
import { CHAT_URL, wantsTask } from './chat/chat-route';
import { readChat } from './chat/read-chat';
import { clientIdOf } from './client-id';
import type { GatewayPorts } from './ports';

/** The header that names the task a request was made into, or asked for. */
export const TASK_ID = 'x-gantry-task-id';

/**
 * Chat completions that become durable tasks are held to the same list of models, and all that makes, ends or removes
 * something is told in the same audit; whom tasks ask, and what that costs, they tell themselves. To be added before
 * whoever serves them.
 */
export function watchServedElsewhere(app: FastifyInstance, ports: GatewayPorts, catalogue: Catalogue): void {
  app.addHook('preHandler', (request, _reply, done) => {
    if (isDurable(request)) {
      const { model } = readChat(request.body);
      if (model !== undefined) catalogue.demand(request.caller, model);
    }
    done();
  });
  app.addHook('onResponse', (request, reply, done) => {
    const operation = operationOf(request, reply);
    if (operation !== undefined) {
      const { id, caller } = request;
      const ms = Math.round(reply.elapsedTime);
      const who = { key: caller.name, team: caller.team, job: caller.job };
      const time = new Date(Date.now() - ms).toISOString();
      const what = { operation, durable: reply.getHeader(TASK_ID), status: reply.statusCode };
      ports.audit.write({ time, id, clientId: clientIdOf(request), ...who, ...what, ms });
    }
    done();
  });
}

const OF_THE_POOL = /^\/v1\/(files|batches|tasks|chat\/completions\/batch)(\/|$)/;

/** What is told of a request: `chat`, or how it came, such as `POST /v1/batches`; undefined: nothing, or not here. */
function operationOf(request: FastifyRequest, reply: FastifyReply): string | undefined {
  const { method, routeOptions } = request;
  if (isDurable(request)) return reply.hasHeader(TASK_ID) || reply.statusCode !== 200 ? 'chat' : undefined;
  const { url = '' } = routeOptions;
  return method !== 'GET' && OF_THE_POOL.test(url) ? `${method} ${url}` : undefined;
}

function isDurable(request: FastifyRequest): boolean {
  if (request.routeOptions.url !== CHAT_URL) return false;
  return wantsTask(request) || request.headers['idempotency-key'] !== undefined;
}
