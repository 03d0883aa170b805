import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Catalogue } from './catalogue';
import { CHAT_URL, wantsTask } from './chat/chat-route';
import { readChat } from './chat/read-chat';
import type { GatewayPorts } from './ports';

/**
 * Chat completions that become durable tasks are held to the same list of models, and are told in the same audit; whom
 * they ask, and what that costs, their task tells. To be added before whoever serves them.
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
    const task = reply.getHeader('x-gantry-task-id');
    if (isDurable(request) && (task !== undefined || reply.statusCode !== 200)) {
      const { id, caller } = request;
      const ms = Math.round(reply.elapsedTime);
      const who = { key: caller.name, team: caller.team, job: caller.job };
      const time = new Date(Date.now() - ms).toISOString();
      ports.audit.write({ time, id, operation: 'chat', ...who, durable: task, status: reply.statusCode, ms });
    }
    done();
  });
}

function isDurable(request: FastifyRequest): boolean {
  if (request.routeOptions.url !== CHAT_URL) return false;
  return wantsTask(request) || request.headers['idempotency-key'] !== undefined;
}
