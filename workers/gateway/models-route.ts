import type { FastifyInstance } from 'fastify';
import type { Catalogue } from './catalogue';
import { unknownModel } from './errors';

/** What may be asked, as OpenAI lists it. Names of models may hold slashes. */
export function addModels(app: FastifyInstance, catalogue: Catalogue): void {
  app.get('/v1/models', ({ caller }) => ({ object: 'list', data: catalogue.list(caller) }));
  app.get<{ Params: { '*': string } }>('/v1/models/*', ({ caller, params }) => {
    const id = params['*'];
    const found = catalogue.find(caller, id);
    if (!found) throw unknownModel(id);
    return found;
  });
}
