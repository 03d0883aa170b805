import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import multipart from '@fastify/multipart';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Text } from '../../../contracts/text';
import { TASK_LIMITS } from '../../../contracts/tasks/order';
import type { FileRecord } from '../../../activities/tasks/file-store';
import { ApiError, badRequest } from '../errors';
import { pageOf } from './read-body';
import { tooLarge, withinLimit } from './read-lines';
import { seconds } from './show-task';
import { teamOf } from './submit';
import type { TaskApiPorts } from './task-ports';

type WithId = { readonly Params: { readonly id: string } };

const PURPOSE = 'batch';
const LONGEST_NAME = 255;
const MOST_FIELDS = 10;

/** Files as OpenAI's API has them, for batches alone. */
export async function addFiles(app: FastifyInstance, ports: TaskApiPorts): Promise<void> {
  await app.register(multipart, { limits: { files: 1, fileSize: TASK_LIMITS.bytes, fields: MOST_FIELDS } });
  app.post('/v1/files', async (request) => {
    return showFile(
      await upload(ports, request).catch((error: unknown) => {
        throw unreadable(error) ?? error;
      }),
    );
  });
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
    return { id, object: 'file', deleted: await ports.files.remove({ ...teamOf(request.caller), id }) };
  });
}

/** A file of the caller's team. Fails: ApiError 404. */
export async function findFile(ports: TaskApiPorts, team: string | undefined, id: string): Promise<FileRecord> {
  const file = await ports.files.get({ ...(team !== undefined && { team }), id });
  if (file !== undefined) return file;
  throw new ApiError(404, {
    message: `There is no file "${id}": it never was, it was deleted, or it is another team's.`,
    type: 'invalid_request_error',
    param: 'id',
    code: 'file_not_found',
  });
}

/** Clients send the fields of a form in any order, so the content is kept before its purpose is known. */
async function upload(ports: TaskApiPorts, request: FastifyRequest): Promise<FileRecord> {
  if (!request.isMultipart()) throw badRequest('Send a form (multipart/form-data) with `file` and `purpose`.', 'file');
  let purpose: unknown;
  let kept: { readonly content: Text; readonly bytes: number; readonly filename: string } | undefined;
  for await (const part of request.parts()) {
    if (part.type === 'field') {
      if (part.fieldname === 'purpose') purpose = part.value;
      continue;
    }
    let bytes = 0;
    const counted = async function* (): AsyncGenerator<Buffer> {
      for await (const chunk of withinLimit(part.file)) {
        bytes += chunk.length;
        yield chunk;
      }
    };
    const content = await ports.artifacts.storeText(Readable.from(counted()));
    if (part.file.truncated) throw tooLarge(TASK_LIMITS.bytes);
    kept = { content, bytes, filename: part.filename.slice(0, LONGEST_NAME) };
  }
  if (kept === undefined) throw badRequest('The form has no `file`.', 'file');
  if (purpose !== PURPOSE) throw badRequest(`purpose must be "${PURPOSE}": files are for batches alone.`, 'purpose');
  const file = { id: `file-${randomBytes(12).toString('hex')}`, createdAt: Date.now(), purpose: PURPOSE, ...kept };
  await ports.files.put(request.caller.team, file);
  return file;
}

/** What the form's reader says of forms that cannot be read; undefined: it is no such error. */
function unreadable(error: unknown): ApiError | undefined {
  if (!(error instanceof Error) || error instanceof ApiError) return undefined;
  const code = 'code' in error ? error.code : undefined;
  if (code === 'FST_FILES_LIMIT') return badRequest('Send one `file` at a time.', 'file');
  if (code === 'FST_FIELDS_LIMIT' || code === 'FST_PARTS_LIMIT') {
    return badRequest(`The form has more than ${MOST_FIELDS} fields.`, undefined, 'invalid_form');
  }
  if (!/multipart|boundary|header/i.test(error.message)) return undefined;
  return badRequest(`The form cannot be read, or did not come whole: ${error.message}.`, undefined, 'invalid_form');
}

function showFile({ id, bytes, createdAt, filename, purpose }: FileRecord) {
  return {
    ...{ id, object: 'file', bytes, created_at: seconds(createdAt), filename, purpose },
    ...{ status: 'processed', status_details: null, expires_at: null },
  };
}
