import type { OutgoingHttpHeaders } from 'node:http';
import type { FastifyReply } from 'fastify';
import type { StreamPart } from '../../../activities/providers/model-provider';

/** What is kept back until it is sure who answers: more than this, and whoever came first answers. */
const MOST_PARTS = 64;
const MOST_BYTES = 256 * 1024;

const SSE: OutgoingHttpHeaders = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-cache',
  // Proxies in front of the gateway would collect the answer.
  'x-accel-buffering': 'no',
};

/** The stream to the client. Nothing is written before the first event with content, so that others may still answer. */
export class StreamWriter {
  private kept: Buffer[] = [];
  private keptBytes = 0;
  private begun = false;

  constructor(
    private readonly reply: FastifyReply,
    private readonly headers: () => OutgoingHttpHeaders,
    private readonly onCommit: () => void,
  ) {}

  /** The client has seen a part of the answer. */
  get committed(): boolean {
    return this.begun;
  }

  /** Somebody else answers: what was kept of the one before is forgotten. */
  restart(): void {
    this.kept = [];
    this.keptBytes = 0;
  }

  /** A promise where the client reads more slowly than the provider writes. */
  write({ bytes, commits }: StreamPart): Promise<void> | undefined {
    if (this.begun) return this.send(bytes);
    this.kept.push(bytes);
    this.keptBytes += bytes.length;
    if (!commits && this.kept.length <= MOST_PARTS && this.keptBytes <= MOST_BYTES) return undefined;
    return this.commit();
  }

  end(last: string): void {
    this.reply.raw.end(last);
  }

  private commit(): Promise<void> | undefined {
    this.begun = true;
    this.onCommit();
    this.reply.hijack();
    this.reply.raw.writeHead(200, { ...SSE, ...this.headers() });
    const [first = Buffer.alloc(0)] = this.kept;
    const bytes = this.kept.length === 1 ? first : Buffer.concat(this.kept);
    this.restart();
    return this.send(bytes);
  }

  private send(bytes: Buffer): Promise<void> | undefined {
    const { raw } = this.reply;
    if (raw.write(bytes) || raw.destroyed) return undefined;
    return new Promise((resolve) => {
      const goOn = (): void => {
        raw.off('drain', goOn).off('close', goOn);
        resolve();
      };
      raw.once('drain', goOn).once('close', goOn);
    });
  }
}
