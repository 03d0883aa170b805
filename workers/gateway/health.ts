import { setTimeout as sleep } from 'node:timers/promises';
import type { FastifyInstance } from 'fastify';
import { breakerWord, breakersOf } from '../../contracts/routing/breakers';
import type { ConfiguredProvider } from '../../contracts/config/model-config';
import type { Standing } from '../../contracts/breakers';
import { LOOK } from './failures';
import type { GatewayPorts } from './ports';

/** `/healthz`: the process lives. `/readyz`: it can be of use, or why not. Neither needs a key. */
export function addProbes(app: FastifyInstance, ports: GatewayPorts): void {
  app.get('/healthz', { exposeHeadRoute: true }, () => ({ status: 'ok' }));
  app.get('/readyz', { exposeHeadRoute: true }, async (_request, reply) => {
    const reasons = await whyNotReady(ports);
    if (reasons.length === 0) return { status: 'ready' };
    return reply.code(503).send({ status: 'not ready', reasons });
  });
}

/** `/v1/providers/health` and `/metrics`: for whoever holds a key, where there are keys. */
export function addInsight(app: FastifyInstance, ports: GatewayPorts): void {
  app.get('/v1/providers/health', async () => {
    const providers = await Promise.all(ports.config.providers.map((provider) => healthOf(ports, provider)));
    return { object: 'list', data: providers };
  });
  app.get('/metrics', async (_request, reply) => {
    const text = await ports.metrics.text();
    return reply.header('content-type', ports.metrics.contentType).send(text);
  });
}

async function whyNotReady(ports: GatewayPorts): Promise<readonly string[]> {
  const { providers } = ports.config;
  const { probeMs } = ports.limits;
  // A probe that gets no answer itself says nothing: whoever sent it stops to listen after some seconds.
  const [shut, ledger] = await Promise.all([
    within(probeMs, Promise.all(providers.map((provider) => whyShut(ports, provider))), []),
    within(probeMs, ports.ledgerTrouble(), `there was no answer within ${probeMs} ms.`),
  ]);
  const nobody = shut.length > 0 && shut.every((reason) => reason !== undefined);
  return [
    ...(providers.length === 0 ? ['No model provider is configured.'] : []),
    ...(nobody ? shut.flatMap((reason) => reason ?? []) : []),
    ...(ledger === undefined ? [] : [`The ledger of budgets does not answer: ${ledger} ${LOOK}`]),
  ];
}

/** What comes in time, or `otherwise`; what comes later is for the next who asks. */
async function within<T>(ms: number, answer: Promise<T>, otherwise: T): Promise<T> {
  const answered = new AbortController();
  try {
    return await Promise.race([answer, sleep(ms, otherwise, { signal: answered.signal })]);
  } finally {
    answered.abort();
  }
}

/** Why none of its models may be asked; undefined: one may. */
async function whyShut(ports: GatewayPorts, { name, models }: ConfiguredProvider): Promise<string | undefined> {
  const candidates = models.map((model) => ({ provider: name, model }));
  const standings = await standingsOf(ports, [...new Set(candidates.flatMap(breakersOf))]);
  const words = candidates.map((candidate) => breakerWord(standings, candidate, Date.now()));
  const shut = words.flatMap((word) => (word.kind === 'shut' ? [word.reason] : []));
  return shut.length === words.length ? [...new Set(shut)].join('; ') : undefined;
}

async function healthOf(ports: GatewayPorts, { name, models }: ConfiguredProvider): Promise<object> {
  const keys = models.map((model) => breakersOf({ provider: name, model })[1] ?? name);
  const standings = await standingsOf(ports, [name, ...keys]);
  const of = (key: string): object => tell(standings.get(key));
  const latency = ports.latencies.get(name);
  return {
    id: name,
    object: 'provider.health',
    ...of(name),
    last_latency_ms: latency?.ms ?? null,
    last_answer_at: latency ? Math.floor(latency.at / 1000) : null,
    models: models.map((model, index) => ({ id: model, ...of(keys[index] ?? name) })),
  };
}

/** Times of OpenAI's API are seconds. */
function tell({ state, why, until, failures }: Standing = { state: 'closed', generation: 0 }): object {
  return {
    breaker: state,
    why: why ?? null,
    until: until === undefined ? null : Math.ceil(until / 1000),
    failures: failures ?? 0,
  };
}

async function standingsOf({ breakers }: GatewayPorts, names: readonly string[]): Promise<Map<string, Standing>> {
  return new Map(await Promise.all(names.map(async (name) => [name, await breakers.standing(name)] as const)));
}
