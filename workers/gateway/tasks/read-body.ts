import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { readJsonObject } from '../json';
import { withinLimit } from './within-limit';

/** Longest body of JSON: longer batches come as JSONL, which is read line by line. */
export const JSON_BYTES = 32 * 1024 * 1024;

/** Bodies of these routes stay streams: they may be long. */
export function takeStreams(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', (_request, payload, done) => done(null, payload));
}

export function streamOf({ body }: FastifyRequest): AsyncIterable<Buffer> {
  return body instanceof Readable ? body : Readable.from([]);
}

/** Fails: ApiError 400 and 413. */
export async function readJson(request: FastifyRequest): Promise<Readonly<Record<string, unknown>>> {
  const chunks: Buffer[] = [];
  for await (const chunk of withinLimit(streamOf(request), JSON_BYTES)) chunks.push(chunk);
  return readJsonObject(Buffer.concat(chunks)).body;
}
