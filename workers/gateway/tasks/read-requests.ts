import { createHash } from 'node:crypto';
import type { JsonObject } from '../../../contracts/json';
import { TASK_LIMITS } from '../../../contracts/tasks/order';
import type { TaskRequest } from '../../../activities/tasks/task-records';
import { readChat } from '../chat/read-chat';
import { ApiError, badRequest } from '../errors';
import { isObject } from '../json';

const LONGEST_CUSTOM_ID = 512;

/** The only door that tasks ask through. */
export const ENDPOINT = '/v1/chat/completions';

/** One request, and where its client finds it: `Line 12`, `requests[11]`. */
export interface Given {
  readonly where: string;
  readonly value: unknown;
}

/** The requests of a batch, each checked, with what they come to in all. */
export class RequestReader {
  total = 0;
  private readonly ids = new Map<string, string>();
  private readonly hash = createHash('sha256');

  /** @param demand Whether the caller may name a model. Fails: ApiError. */
  constructor(private readonly demand: (model: string) => void) {}

  /** SHA-256 of all that was read. */
  get digest(): string {
    return this.hash.copy().digest('hex');
  }

  /** Fails: ApiError that names the place. */
  async *read(given: AsyncIterable<Given> | Iterable<Given>): AsyncGenerator<TaskRequest> {
    for await (const { where, value } of given) {
      const request = readRequest(where, value, this.demand);
      this.refuseTwin(where, request.custom_id);
      this.total += 1;
      if (this.total > TASK_LIMITS.requests) {
        throw badRequest(`A batch holds ${TASK_LIMITS.requests} requests at most. Divide it into several.`);
      }
      this.hash.update(`${JSON.stringify(request)}\n`);
      yield request;
    }
    if (this.total === 0) throw badRequest('The batch holds no request.');
  }

  private refuseTwin(where: string, customId: string): void {
    const first = this.ids.get(customId);
    if (first !== undefined) {
      const message = `${where}: the custom_id "${customId}" is that of ${first} already; each must be unique.`;
      throw badRequest(message, 'custom_id', 'duplicate_custom_id');
    }
    this.ids.set(customId, where);
  }
}

function readRequest(where: string, value: unknown, demand: (model: string) => void): TaskRequest {
  if (!isObject(value)) throw badRequest(`${where}: a request must be an object with custom_id and body.`);
  const { custom_id, method = 'POST', url = ENDPOINT, body } = value;
  if (typeof custom_id !== 'string' || custom_id === '' || custom_id.length > LONGEST_CUSTOM_ID) {
    throw badRequest(`${where}: custom_id must be a text of 1 to ${LONGEST_CUSTOM_ID} characters.`, 'custom_id');
  }
  if (method !== 'POST') throw badRequest(`${where}: method must be POST.`, 'method');
  if (url !== ENDPOINT) throw badRequest(`${where}: url must be ${ENDPOINT}.`, 'url', 'invalid_url');
  return { custom_id, ...readBody(where, body, demand) };
}

/** A body as the chat door takes it, but for streams. */
function readBody(where: string, body: unknown, demand: (model: string) => void): Pick<TaskRequest, 'body' | 'route'> {
  if (!isObject(body)) throw badRequest(`${where}: body must be an object.`, 'body');
  try {
    const completion = readCompletion(Buffer.from(JSON.stringify(body)));
    if (completion.route.model !== undefined) demand(completion.route.model);
    return completion;
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    throw new ApiError(error.status, { ...error.body, message: `${where}: ${error.body.message}` });
  }
}

/** A body as the chat door takes it, but for streams. Fails: ApiError 400. */
export function readCompletion(raw: unknown): Pick<TaskRequest, 'body' | 'route'> {
  const { body, model, stream, inputTokens, maxOutputTokens } = readChat(raw);
  if (stream) throw badRequest('A task has no stream: leave `stream` out.', 'stream');
  const route = {
    inputTokens,
    ...(model !== undefined && { model }),
    ...(maxOutputTokens !== undefined && { maxOutputTokens }),
  };
  return { body: body as JsonObject, route };
}
