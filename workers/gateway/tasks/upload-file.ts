import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import type { FastifyRequest } from 'fastify';
import type { FileRecord } from '../../../activities/tasks/file-store';
import { TASK_LIMITS } from '../../../contracts/tasks/order';
import type { Text } from '../../../contracts/text';
import { ApiError, badRequest } from '../errors';
import type { TaskApiPorts } from './task-ports';
import { tooLarge, withinLimit } from './within-limit';

const PURPOSE = 'batch';
const LONGEST_NAME = 255;
const MOST_FIELDS = 10;

/** What the reader of forms takes. */
export const FORM_LIMITS = { files: 1, fileSize: TASK_LIMITS.bytes, fields: MOST_FIELDS } as const;

/** Keep the file of a form. Fails: ApiError 400 and 413. */
export async function uploadFile(ports: TaskApiPorts, request: FastifyRequest): Promise<FileRecord> {
  try {
    return await readForm(ports, request);
  } catch (error) {
    throw unreadable(error) ?? error;
  }
}

/** Clients send the fields of a form in any order, so the content is kept before its purpose is known. */
async function readForm(ports: TaskApiPorts, request: FastifyRequest): Promise<FileRecord> {
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
