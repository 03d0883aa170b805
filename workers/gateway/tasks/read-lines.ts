import { badRequest } from '../errors';
import type { Given } from './read-requests';
import { withinLimit } from './within-limit';

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

function parse(number: number, line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    // What the parser says quotes the line, and a line may be long.
    throw badRequest(`Line ${number}: it is not valid JSON.`, undefined, 'invalid_json_line');
  }
}
