import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** One call, as the upstream saw it. Times are epoch milliseconds. */
export interface UpstreamCall {
  /** The text of its last message: tests name requests by it. */
  readonly name: string;
  /** The key it came with: tests give one to each worker. */
  readonly key: string;
  readonly startedAt: number;
  /** Absent: it is in flight, or its client went away. */
  answeredAt?: number;
  aborted?: boolean;
}

export interface TaskUpstream {
  readonly url: string;
  readonly calls: UpstreamCall[];
  latencyMs: number;
  /** The status of answers; 200 when absent. */
  failing?: (name: string, timesAsked: number) => number | undefined;
  inFlight(key?: string): readonly UpstreamCall[];
  timesAsked(name: string): number;
  close(): Promise<void>;
}

/** What an answer is charged for: with prices of a dollar for a million tokens, 15,000 nano-dollars. */
export const USAGE = { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 };

/** A model that answers every chat completion after the same time, and writes down who asked. */
export async function startTaskUpstream(latencyMs: number, port = 0): Promise<TaskUpstream> {
  const calls: UpstreamCall[] = [];
  const server = createServer((request, response) => void answer(upstream, request, response));
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const upstream: TaskUpstream = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    calls,
    latencyMs,
    inFlight: (key) => calls.filter((call) => isOpen(call) && (key === undefined || call.key === key)),
    timesAsked: (name) => calls.filter((call) => call.name === name).length,
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
  return upstream;
}

function isOpen({ answeredAt, aborted }: UpstreamCall): boolean {
  return answeredAt === undefined && aborted !== true;
}

async function answer(upstream: TaskUpstream, request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (request.method !== 'POST') return void response.writeHead(404).end();
  let text = '';
  for await (const chunk of request) text += String(chunk);
  const { messages, model } = JSON.parse(text) as { messages: { content: string }[]; model: string };
  const name = messages.at(-1)?.content ?? '';
  const key = request.headers.authorization?.replace(/^Bearer /, '') ?? '';
  const call: UpstreamCall = { name, key, startedAt: Date.now() };
  upstream.calls.push(call);
  response.on('close', () => {
    if (!response.writableFinished) call.aborted = true;
  });
  await sleep(upstream.latencyMs);
  if (call.aborted) return;
  const status = upstream.failing?.(name, upstream.timesAsked(name)) ?? 200;
  call.answeredAt = Date.now();
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(status === 200 ? completion(name, model) : refusal(status)));
}

function completion(name: string, model: string) {
  const message = { role: 'assistant', content: `answer to ${name}`, refusal: null };
  const choices = [{ index: 0, message, finish_reason: 'stop', logprobs: null }];
  return { id: 'chatcmpl-1', object: 'chat.completion', created: 1, model, choices, usage: USAGE };
}

function refusal(status: number) {
  return { error: { message: `told to answer ${status}`, type: 'test_error', param: 'temperature', code: 'too_hot' } };
}
