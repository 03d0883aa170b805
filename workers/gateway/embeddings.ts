import type { FastifyInstance } from 'fastify';
import type { WireRequest } from '../../activities/providers/model-provider';
import { answerWhole } from './answer-whole';
import type { Catalogue } from './catalogue';
import { readModel } from './chat/read-chat';
import { badRequest } from './errors';
import { estimateTokens } from './estimate';
import { readJsonObject } from './json';
import type { GatewayPorts } from './ports';
import { serveAsked } from './serve-asked';

export function addEmbeddings(app: FastifyInstance, ports: GatewayPorts, catalogue: Catalogue): void {
  app.post('/v1/embeddings', async (request, reply) => {
    let embedding: WireRequest;
    await serveAsked(ports, 'embeddings', request, reply, {
      read() {
        const { raw, body } = readJsonObject(request.body);
        const model = readModel(body);
        demandInput(body);
        if (model !== undefined) catalogue.demand(request.caller, model);
        embedding = { raw, body };
        // What comes back are numbers: nobody charges for them.
        return { model, stream: false, inputTokens: estimateTokens(raw, body), maxOutputTokens: 0 };
      },
      serve: (asked, course) =>
        answerWhole(ports, asked, course, reply, ({ provider, call }) => provider.embed(embedding, call)),
    });
    return reply;
  });
}

function demandInput({ input }: Readonly<Record<string, unknown>>): void {
  if (typeof input === 'string' ? input !== '' : Array.isArray(input) && input.length > 0) return;
  throw badRequest('`input` must be a text, or a list of texts or of tokens, and not empty.', 'input');
}
