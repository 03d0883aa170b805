import { constants, createServer, type Http2Server, type ServerHttp2Stream } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { defineQuery } from '@temporalio/workflow';
import { NoWorkerError, Temporal } from '../../../client/temporal';

/** A gRPC message without content: what a server answers that has nothing to tell of itself. */
const EMPTY_MESSAGE = Buffer.alloc(5);

function answer(stream: ServerHttp2Stream, path: string): void {
  // Go's gRPC does this when it sees the deadline of a call pass before the client does.
  if (path.endsWith('/QueryWorkflow')) return stream.close(constants.NGHTTP2_CANCEL);
  stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
  stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
  stream.end(EMPTY_MESSAGE);
}

describe('a server that resets a query', () => {
  let server: Http2Server;
  let temporal: Temporal;

  beforeAll(async () => {
    server = createServer();
    server.on('stream', (stream, headers) => answer(stream, String(headers[':path'])));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    const target = { address, namespace: 'default', taskQueue: 'gantry', source: 'the test', connection: {} };
    temporal = await Temporal.connect(target, 'tester');
  });

  afterAll(async () => {
    await temporal.close();
    await new Promise((resolve) => server.close(resolve));
  });

  it('is one without a worker, and not one that is away', async () => {
    const asked = temporal.runs.query({ project: 'calculator', runId: 'first' }, defineQuery<string>('status'));
    await expect(asked).rejects.toThrow(NoWorkerError);
    await expect(asked).rejects.toThrow('No worker answers on task queue "gantry". The run is safe');
  });
});
