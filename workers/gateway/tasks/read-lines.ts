import { TASK_LIMITS } from '../../../contracts/tasks/order';
import { ApiError, badRequest } from '../errors';
import type { Given } from './read-requests';

/** The lines of JSONL as they come in; empty ones are passed over. Fails: ApiError 400 and 413. */
export async function* readLines(chunks: AsyncIterable<Buffer | string>): AsyncGenerator<Given> {
  let number = 0;
  for await (const line of splitLines(withinLimit(chunks))) {
    number += 1;
    if (line.trim() !== '') yield { where: `Line ${number}`, value: parse(number, line) };
  }
}

async function* splitLines(chunks: AsyncIterable<Buffer>): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let rest = '';
  for await (const chunk of chunks) {
    const lines = (rest + decode(() => decoder.decode(chunk, { stream: true }))).split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
  }
  rest += decode(() => decoder.decode());
  if (rest !== '') yield rest;
}

function decode(read: () => string): string {
  try {
    return read();
  } catch {
    throw badRequest('The batch is not UTF-8.', undefined, 'invalid_encoding');
  }
}

/** All of a stream, so long as it is not longer than a task may be. */
export async function* withinLimit(
  chunks: AsyncIterable<Buffer | string>,
  limit: number = TASK_LIMITS.bytes,
): AsyncGenerator<Buffer> {
  let bytes = 0;
  for await (const chunk of chunks) {
    const buffer = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
    bytes += buffer.length;
    if (bytes > limit) throw tooLarge(limit);
    yield buffer;
  }
}

export function tooLarge(limit: number): ApiError {
  const message = `More than ${Math.floor(limit / 1024 / 1024)} MB were sent. Divide it into several batches.`;
  return new ApiError(413, { message, type: 'invalid_request_error', code: 'request_too_large' });
}

function parse(number: number, line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    // What the parser says quotes the line, and a line may be long.
    throw badRequest(`Line ${number}: it is not valid JSON.`, undefined, 'invalid_json_line');
  }
}
