import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** A model over OpenAI's protocol that takes a given time for every answer. */
export interface BenchUpstream {
  readonly url: string;
  latencyMs: number;
  close(): Promise<void>;
}

export async function startUpstream(): Promise<BenchUpstream> {
  const server = createServer((request, response) => void answer(upstream, request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const upstream: BenchUpstream = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    latencyMs: 0,
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
  return upstream;
}

async function answer({ latencyMs }: BenchUpstream, request: IncomingMessage, response: ServerResponse): Promise<void> {
  for await (const chunk of request) void chunk;
  await sleep(latencyMs);
  response.writeHead(200, { 'content-type': 'application/json' }).end(COMPLETION);
}

const COMPLETION = JSON.stringify({
  ...{ id: 'chatcmpl-1', object: 'chat.completion', created: 1, model: 'bench' },
  choices: [{ index: 0, message: { role: 'assistant', content: 'an answer' }, finish_reason: 'stop' }],
  usage: { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 },
});
