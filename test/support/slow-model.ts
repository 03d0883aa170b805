import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { openAiChunk } from './model-wire';
import { waitUntil } from './wait-until';

/** A model that says what a test tells it to, when it tells it to. */
export interface SlowModel {
  readonly url: string;
  /** Requests so far. */
  readonly asked: number;
  /** Say a piece of the newest answer; the first waits for its question. */
  say(piece: string): Promise<void>;
  /** End the newest answer well. */
  finish(): void;
  close(): Promise<void>;
}

export async function startSlowModel(): Promise<SlowModel> {
  const answers: ServerResponse[] = [];
  const server = createServer((request, response) => {
    request.resume().on('end', () => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.flushHeaders();
      answers.push(response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    get asked() {
      return answers.length;
    },
    say: async (piece) => {
      await waitUntil(() => answers.length > 0, { timeoutMs: 30_000 });
      answers.at(-1)!.write(openAiChunk({ content: piece }));
    },
    finish: () => {
      const answer = answers.at(-1)!;
      answer.write(openAiChunk({}, 'stop'));
      answer.write(openAiChunk({}, null, { choices: [], usage: { prompt_tokens: 11, completion_tokens: 7 } }));
      answer.end('data: [DONE]\n\n');
    },
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}
