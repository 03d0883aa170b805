import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { toDollars, type NanoDollars } from '../../contracts/money';

/** What is counted of one request. */
export interface Counted {
  readonly operation: 'chat' | 'embeddings';
  readonly status: number;
  readonly seconds: number;
  /** Who answered, or was asked last; undefined: nobody was. */
  readonly provider: string | undefined;
  readonly model: string | undefined;
  /** The code of the error that the client was told. */
  readonly error: string | undefined;
  readonly firstChunkSeconds: number | undefined;
  readonly inputTokens: number | undefined;
  readonly outputTokens: number | undefined;
  readonly costNano: NanoDollars | undefined;
  /** Candidates that failed before, by type of failure. */
  readonly failures: readonly { readonly provider: string; readonly type: string }[];
  /** Candidates that breakers or budgets kept out. */
  readonly refusals: readonly { readonly provider: string; readonly kind: string }[];
}

export interface Metrics {
  count(request: Counted): void;
  /** One more request is being served; call what comes back when it is over. */
  serve(): () => void;
  readonly contentType: string;
  text(): Promise<string>;
}

const SECONDS = [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92];
const TOKENS = [1, 4, 16, 64, 256, 1024, 4096, 16384, 65536, 262144, 1048576, 4194304, 16777216, 67108864];

/** The conventions of OpenTelemetry for generative models, as Prometheus spells them, and gantry's own beside them. */
export function createMetrics(): Metrics {
  const registry = new Registry();
  const registers = [registry];
  const who = ['gen_ai_operation_name', 'gen_ai_provider_name', 'gen_ai_request_model'] as const;
  const requests = new Counter({
    name: 'gantry_gateway_requests_total',
    help: 'Requests that were answered, by status.',
    labelNames: [...who, 'status'],
    registers,
  });
  const duration = new Histogram({
    name: 'gen_ai_server_request_duration_seconds',
    help: 'From the request to the end of its answer, seconds.',
    labelNames: [...who, 'error_type'],
    buckets: SECONDS,
    registers,
  });
  const firstChunk = new Histogram({
    name: 'gen_ai_server_time_to_first_token_seconds',
    help: 'From the request to the first event of a stream with content, seconds.',
    labelNames: [...who],
    buckets: SECONDS,
    registers,
  });
  const tokens = new Histogram({
    name: 'gen_ai_client_token_usage',
    help: 'Tokens of a call.',
    labelNames: [...who, 'gen_ai_token_type'],
    buckets: TOKENS,
    registers,
  });
  const cost = new Counter({
    name: 'gantry_gateway_cost_usd_total',
    help: 'US dollars, of calls whose price is known.',
    labelNames: [...who],
    registers,
  });
  const failures = new Counter({
    name: 'gantry_gateway_failures_total',
    help: 'Calls of providers that failed, by type.',
    labelNames: ['gen_ai_provider_name', 'error_type'],
    registers,
  });
  const refusals = new Counter({
    name: 'gantry_gateway_refusals_total',
    help: 'Candidates that were not asked, by what kept them out: breaker, budget, policy, unsuited.',
    labelNames: ['gen_ai_provider_name', 'kind'],
    registers,
  });
  const inFlight = new Gauge({
    name: 'gantry_gateway_requests_in_flight',
    help: 'Requests that are being served.',
    registers,
  });
  return {
    count(one) {
      const labels = {
        gen_ai_operation_name: one.operation,
        gen_ai_provider_name: one.provider ?? '',
        gen_ai_request_model: one.model ?? '',
      };
      requests.inc({ ...labels, status: String(one.status) });
      duration.observe({ ...labels, error_type: one.error ?? '' }, one.seconds);
      if (one.firstChunkSeconds !== undefined) firstChunk.observe(labels, one.firstChunkSeconds);
      if (one.inputTokens !== undefined) tokens.observe({ ...labels, gen_ai_token_type: 'input' }, one.inputTokens);
      if (one.outputTokens !== undefined) tokens.observe({ ...labels, gen_ai_token_type: 'output' }, one.outputTokens);
      if (one.costNano !== undefined) cost.inc(labels, toDollars(one.costNano));
      for (const { provider, type } of one.failures) failures.inc({ gen_ai_provider_name: provider, error_type: type });
      for (const { provider, kind } of one.refusals) refusals.inc({ gen_ai_provider_name: provider, kind });
    },
    serve() {
      inFlight.inc();
      return () => inFlight.dec();
    },
    contentType: registry.contentType,
    text: () => registry.metrics(),
  };
}
