import type { Readable } from 'node:stream';
import { UnusableAnswer } from '../provider-failure';
import type { Wire } from './wire';

/** Longest answer that is waited for, bytes: embeddings of a whole batch are some megabytes. */
const LONGEST = 64 * 1024 * 1024;

/** All bytes of an answer in one piece. From its first one on, pauses count. Fails: UnusableAnswer where it is endless. */
export function wholeBody(
  body: Readable,
  { alive, begun, whole }: Pick<Wire, 'alive' | 'begun' | 'whole'>,
): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let length = 0;
    body
      .on('data', (chunk: Buffer) => {
        begun();
        alive();
        chunks.push(chunk);
        length += chunk.length;
        if (length <= LONGEST) return;
        body.destroy();
        reject(new UnusableAnswer('Provider.BadResponse', 'endless', `the answer is longer than ${LONGEST} bytes`));
      })
      .once('error', reject)
      .once('end', () => {
        whole();
        const [first] = chunks;
        resolve(chunks.length === 1 && first ? first : Buffer.concat(chunks));
      });
  });
}
