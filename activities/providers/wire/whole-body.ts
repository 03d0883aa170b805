import type { Readable } from 'node:stream';
import type { Wire } from './wire';

/** All bytes of an answer in one piece. From its first one on, pauses count. */
export function wholeBody(
  body: Readable,
  { alive, begun, whole }: Pick<Wire, 'alive' | 'begun' | 'whole'>,
): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    body
      .on('data', (chunk: Buffer) => {
        begun();
        alive();
        chunks.push(chunk);
      })
      .once('error', reject)
      .once('end', () => {
        whole();
        const [first] = chunks;
        resolve(chunks.length === 1 && first ? first : Buffer.concat(chunks));
      });
  });
}
