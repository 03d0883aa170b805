import { createHash, randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { INLINE_LIMIT_BYTES, type Text } from '../../contracts/text';
import { failure } from '../failure';
import { exists, isCode } from '../files/whole-file';
import { Excerpts } from './excerpts';

/** Long texts by their own hash. The same text is kept once, and a second try stores it again at no cost. */
export interface ArtifactStore {
  /** Short texts stay inline, long ones are stored. A stream is read once, with bounded memory. */
  storeText(text: string | Readable): Promise<Text>;
  storeFile(path: string): Promise<Text>;
  /** The whole text. Fails: Artifact.Missing. */
  readText(text: Text): Promise<string>;
  /** The same as a stream, for texts that are too long to hold; not held against its hash. Fails: Artifact.Missing. */
  openText(text: Text): Promise<Readable>;
}

/** A store in a directory: `<root>/ab/<sha256>`. */
export function createArtifactStore(root: string): ArtifactStore {
  return {
    storeText: (text) => store(root, typeof text === 'string' ? Readable.from([Buffer.from(text)]) : text),
    storeFile: (path) => store(root, createReadStream(path)),
    readText: async (text) => ('inline' in text ? text.inline : read(root, text.artifact)),
    openText: async (text) => ('inline' in text ? Readable.from([Buffer.from(text.inline)]) : openStored(root, text)),
  };
}

async function store(root: string, source: Readable): Promise<Text> {
  const start: Buffer[] = [];
  let length = 0;
  const chunks = asBuffers(source);
  for await (const chunk of chunks) {
    start.push(chunk);
    length += chunk.length;
    if (length > INLINE_LIMIT_BYTES) return storeLong(root, Buffer.concat(start), chunks);
  }
  return { inline: Buffer.concat(start).toString('utf8') };
}

async function storeLong(root: string, start: Buffer, rest: AsyncIterable<Buffer>): Promise<Text> {
  await mkdir(root, { recursive: true, mode: 0o700 });
  const draft = join(root, `draft-${randomUUID()}`);
  const hash = createHash('sha256');
  const excerpts = new Excerpts();
  const file = await open(draft, 'wx', 0o600);
  try {
    const write = async (chunk: Buffer): Promise<void> => {
      hash.update(chunk);
      excerpts.add(chunk);
      await file.appendFile(chunk);
    };
    await write(start);
    for await (const chunk of rest) await write(chunk);
    await file.sync();
    const digest = hash.digest('hex');
    const path = pathOf(root, digest);
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    if (!(await exists(path))) await rename(draft, path);
    return { artifact: `sha256:${digest}`, bytes: excerpts.bytes, head: excerpts.head(), tail: excerpts.tail() };
  } finally {
    await file.close();
    await rm(draft, { force: true });
  }
}

// A generator that can be left and taken up again: `for await` over the stream itself would destroy it on leaving.
function asBuffers(source: Readable): AsyncIterable<Buffer> {
  const chunks = source[Symbol.asyncIterator]() as AsyncIterator<Buffer | string>;
  const next = async (): Promise<IteratorResult<Buffer>> => {
    const next = await chunks.next();
    if (next.done) return { done: true, value: undefined };
    return { done: false, value: typeof next.value === 'string' ? Buffer.from(next.value) : next.value };
  };
  return { [Symbol.asyncIterator]: () => ({ next }) };
}

async function read(root: string, artifact: string): Promise<string> {
  const digest = digestOf(artifact);
  const content = await readFile(pathOf(root, digest)).catch((error: unknown) => {
    throw isCode(error, 'ENOENT') ? missing(root, artifact) : error;
  });
  if (createHash('sha256').update(content).digest('hex') !== digest) {
    throw failure(
      'Artifact.Missing',
      `${artifact} in ${root} is damaged: its content has another hash. Remove the file.`,
    );
  }
  return content.toString('utf8');
}

async function openStored(root: string, { artifact }: { readonly artifact: string }): Promise<Readable> {
  const path = pathOf(root, digestOf(artifact));
  if (!(await exists(path))) throw missing(root, artifact);
  return createReadStream(path);
}

function digestOf(artifact: string): string {
  const digest = /^sha256:([0-9a-f]{64})$/.exec(artifact)?.[1];
  if (digest === undefined) throw failure('Artifact.Missing', `"${artifact}" is not the name of an artifact.`);
  return digest;
}

function missing(root: string, artifact: string): Error {
  return failure('Artifact.Missing', `${artifact} is not in ${root}: it was removed, or made on another host.`);
}

function pathOf(root: string, digest: string): string {
  return join(root, digest.slice(0, 2), digest);
}
