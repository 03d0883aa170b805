import { connect, type Socket } from 'node:net';
import { performance } from 'node:perf_hooks';

/** What this process is given as its only argument, as JSON. */
export interface Load {
  readonly port: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly connections: number;
  readonly warmMs: number;
  readonly ms: number;
}

/** What it answers, as JSON on its standard output. */
export interface LoadFigures {
  readonly p50: number;
  readonly p99: number;
  readonly perSecond: number;
  readonly errors: number;
  /** All that were sent, to warm up too. */
  readonly requests: number;
}

/** Keep some connections busy with one request after the other, as lightly as a process of Node can. */
async function main(): Promise<void> {
  const load = JSON.parse(process.argv[2]!) as Load;
  const request = requestOf(load);
  const warm = await during(load, request, load.warmMs);
  const { times, errors } = await during(load, request, load.ms);
  const sorted = times.sort((a, b) => a - b);
  const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN;
  const figures: LoadFigures = {
    p50: at(0.5),
    p99: at(0.99),
    perSecond: (times.length / load.ms) * 1_000,
    errors,
    requests: warm.times.length + times.length,
  };
  process.stdout.write(JSON.stringify(figures));
}

function requestOf({ port, headers, body }: Load): string {
  const lines = Object.entries({
    host: `127.0.0.1:${port}`,
    ...headers,
    'content-length': String(Buffer.byteLength(body)),
  });
  return `POST /v1/chat/completions HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n${body}`;
}

interface Measured {
  readonly times: number[];
  errors: number;
}

async function during({ port, connections }: Load, request: string, ms: number): Promise<Measured> {
  const measured: Measured = { times: [], errors: 0 };
  const until = performance.now() + ms;
  await Promise.all(Array.from({ length: connections }, () => keepBusy(port, request, until, measured)));
  return measured;
}

async function keepBusy(port: number, request: string, until: number, measured: Measured): Promise<void> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject));
  while (performance.now() < until) {
    const began = performance.now();
    const answer = await exchange(socket, request);
    measured.times.push(performance.now() - began);
    if (!answer.startsWith('HTTP/1.1 200')) measured.errors += 1;
  }
  socket.destroy();
}

/** Resolves with the answer, when all of it is there. */
function exchange(socket: Socket, request: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = '';
    const take = (piece: Buffer): void => {
      answer += piece.toString('latin1');
      if (!isWhole(answer)) return;
      socket.off('data', take).off('close', gone);
      resolve(answer);
    };
    const gone = (): void => reject(new Error('the connection was closed'));
    socket.on('data', take).once('close', gone);
    socket.write(request);
  });
}

function isWhole(answer: string): boolean {
  const body = answer.indexOf('\r\n\r\n') + 4;
  if (body < 4) return false;
  const length = /\r\ncontent-length: (\d+)/i.exec(answer.slice(0, body))?.[1];
  return length === undefined ? answer.endsWith('0\r\n\r\n') : answer.length - body >= Number(length);
}

main().catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
