import type { FastifyInstance, FastifyRequest } from 'fastify';
import { answerWhole } from '../answer-whole';
import type { Catalogue } from '../catalogue';
import { isObject } from '../json';
import { noTasksHere } from '../not-served';
import type { GatewayPorts } from '../ports';
import { serveAsked } from '../serve-asked';
import { answerStream } from './answer-stream';
import { readChat, type ChatRequest } from './read-chat';

export const CHAT_URL = '/v1/chat/completions';

export function addChat(app: FastifyInstance, ports: GatewayPorts, catalogue: Catalogue): void {
  app.post(CHAT_URL, async (request, reply) => {
    // Tasks are another's to serve; where nobody does, a client that expects one must not get an answer instead.
    if (wantsTask(request)) throw noTasksHere(request);
    let chat: ChatRequest;
    await serveAsked(ports, 'chat', request, reply, {
      read() {
        chat = readChat(request.body);
        if (chat.model !== undefined) catalogue.demand(request.caller, chat.model);
        return chat;
      },
      serve: (asked, course) =>
        chat.stream
          ? answerStream(ports, asked, course, chat, reply)
          : answerWhole(ports, asked, course, reply, ({ provider, call }) => provider.chat(chat, call)),
    });
    return reply;
  });
}

/** `?batch=true`: a task, and not its answer. */
export function wantsTask({ query }: FastifyRequest): boolean {
  return isObject(query) && query['batch'] === 'true';
}
