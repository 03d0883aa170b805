import type { BenchContext } from './benchmark';
import type { Figure, Pair, Report } from './figures';
import type { Load, LoadFigures } from './gateway-load-process';
import { startPortkey } from './gateway/portkey';
import { measure, startOurs, startUpstream } from './gateway/processes';
import { cpuMsWithChildren } from './sessions/processes';

const KEY = 'bench-key-0123456789';
const BUSY = 32;

/** What a gateway adds to a call: ours and Portkey's before the same upstream, and the upstream by itself. */
export async function benchGateway(context: BenchContext): Promise<Report> {
  context.say('gateway: starting the upstream and both gateways');
  const upstream = await startUpstream();
  const url = `http://127.0.0.1:${upstream.port}/v1`;
  const ours = await startOurs({ upstream: url, home: context.directory, key: KEY });
  const theirs = await startPortkey(context);
  try {
    const sides: Sides = {
      direct: { ...upstream, headers: { 'content-type': 'application/json' } },
      ours: { ...ours, headers: { 'content-type': 'application/json', authorization: `Bearer ${KEY}` } },
      theirs: { ...theirs, headers: { 'content-type': 'application/json', ...portkeyHeaders(url) } },
    };
    const figures: Figure[] = [];
    for (const stream of [false, true]) figures.push(...(await figuresOf(context, sides, stream)));
    return {
      benchmark: 'gateway',
      ours: 'the gateway with a key, a budget, breakers, prices, metrics and the audit; its ledger answers at once',
      theirs: 'Portkey 1.15.2 with none of these; both before one upstream that answers at once, on the same machine',
      figures,
    };
  } finally {
    for (const served of [theirs, ours, upstream]) served.stop();
  }
}

interface Side {
  readonly port: number;
  readonly pid: number;
  readonly headers: Readonly<Record<string, string>>;
}
type Sides = Readonly<Record<'direct' | 'ours' | 'theirs', Side>>;
/** `cpuMs`: of the process that answered, for each request. */
type Measured = LoadFigures & { readonly cpuMs: number };
type Round = Readonly<Record<keyof Sides, Measured>>;

async function figuresOf(context: BenchContext, sides: Sides, stream: boolean): Promise<Figure[]> {
  const what = stream ? 'stream of 50 chunks' : 'plain answer';
  context.say(`gateway: ${what}`);
  const alone = await rounds(context, sides, stream, 1);
  const busy = await rounds(context, sides, stream, BUSY);
  const pairs = (all: readonly Round[], number: (side: Measured, round: Round) => number): Pair[] =>
    all.map((round) => ({ ours: number(round.ours, round), theirs: number(round.theirs, round) }));
  return [
    {
      name: `${what} · added, median`,
      unit: 'ms',
      pairs: pairs(alone, (side, { direct }) => side.p50 - direct.p50),
      ...(!stream && { limit: 0.5 }),
    },
    { name: `${what} · added, p99`, unit: 'ms', pairs: pairs(alone, (side, { direct }) => side.p99 - direct.p99) },
    {
      name: `${what} · at ${BUSY} at once`,
      unit: '/s',
      pairs: pairs(busy, (side) => side.perSecond),
      ...(!stream && { atLeast: 5 }),
    },
    { name: `${what} · at ${BUSY} at once, p99`, unit: 'ms', pairs: pairs(busy, (side) => side.p99) },
    { name: `${what} · CPU time of the gateway for each`, unit: 'ms', pairs: pairs(busy, (side) => side.cpuMs) },
  ];
}

/** Every round measures all three, each time beginning with another. */
async function rounds(context: BenchContext, sides: Sides, stream: boolean, connections: number): Promise<Round[]> {
  const count = context.quick ? 2 : 5;
  const all: Round[] = [];
  for (let round = 0; round < count; round += 1) {
    const names = (['direct', 'ours', 'theirs'] as const).map((_, at, every) => every[(at + round) % every.length]!);
    const measured: Partial<Record<keyof Sides, Measured>> = {};
    for (const name of names) measured[name] = await measureSide(context, sides[name], stream, connections);
    const { direct, ours, theirs } = measured;
    if (direct && ours && theirs) all.push({ direct, ours, theirs });
  }
  return all;
}

async function measureSide(context: BenchContext, side: Side, stream: boolean, connections: number): Promise<Measured> {
  const before = cpuMsWithChildren(side.pid).own;
  const figures = await measure(loadOf(context, side, stream, connections));
  return { ...figures, cpuMs: (cpuMsWithChildren(side.pid).own - before) / figures.requests };
}

function loadOf({ quick }: BenchContext, { port, headers }: Side, stream: boolean, connections: number): Load {
  const messages = [
    { role: 'system', content: 'You answer in one word. '.repeat(12) },
    { role: 'user', content: 'What is two and two? '.repeat(12) },
  ];
  const body = JSON.stringify({ model: 'small', messages, max_tokens: 256, ...(stream && { stream }) });
  return { port, headers, body, connections, warmMs: quick ? 300 : 1_000, ms: quick ? 700 : 3_000 };
}

function portkeyHeaders(url: string): Readonly<Record<string, string>> {
  return { authorization: 'Bearer none', 'x-portkey-provider': 'openai', 'x-portkey-custom-host': url };
}
