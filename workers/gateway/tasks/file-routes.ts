import multipart from '@fastify/multipart';
import type { FastifyInstance } from 'fastify';
import type { FileRecord } from '../../../activities/tasks/file-store';
import { ownedBy } from '../../../contracts/tasks/names';
import { findFile } from './find-file';
import { pageOf, type WithId } from './read-query';
import { seconds } from './show-task';
import type { TaskApiPorts } from './task-ports';
import { FORM_LIMITS, uploadFile } from './upload-file';

/** Files as OpenAI's API has them, for batches alone. */
export async function addFiles(app: FastifyInstance, ports: TaskApiPorts): Promise<void> {
  await app.register(multipart, { limits: FORM_LIMITS });
  app.post('/v1/files', async (request) => showFile(await uploadFile(ports, request)));
  app.get('/v1/files', async (request) => {
    const { purpose, order } = request.query as Readonly<Record<string, string | undefined>>;
    const all = await ports.files.list(request.caller.team);
    const files = all.filter((file) => purpose === undefined || file.purpose === purpose).map(showFile);
    return pageOf(order === 'asc' ? files.reverse() : files, request);
  });
  app.get<WithId>('/v1/files/:id', async (request) =>
    showFile(await findFile(ports, request.caller.team, request.params.id)),
  );
  app.get<WithId>('/v1/files/:id/content', async (request, reply) => {
    const file = await findFile(ports, request.caller.team, request.params.id);
    const content = await ports.artifacts.openText(file.content);
    return reply.type('application/octet-stream').header('content-length', file.bytes).send(content);
  });
  app.delete<WithId>('/v1/files/:id', async (request) => {
    const { id } = await findFile(ports, request.caller.team, request.params.id);
    return { id, object: 'file', deleted: await ports.files.remove(ownedBy(request.caller.team, id)) };
  });
}

function showFile({ id, bytes, createdAt, filename, purpose }: FileRecord) {
  return {
    ...{ id, object: 'file', bytes, created_at: seconds(createdAt), filename, purpose },
    ...{ status: 'processed', status_details: null, expires_at: null },
  };
}
