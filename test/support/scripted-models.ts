import { createModelClient } from '../../activities/models/client/create-model-client';
import {
  OverBudget,
  type AttemptRequest,
  type ModelClient,
  type Purse,
} from '../../activities/models/client/model-client';
import type { BreakerPort } from '../../activities/models/client/ports';
import { anthropicProtocol } from '../../activities/providers/anthropic/protocol';
import { createProvider } from '../../activities/providers/create-provider';
import type { ModelProvider } from '../../activities/providers/model-provider';
import { ollamaProtocol } from '../../activities/providers/ollama/protocol';
import { openAiProtocol } from '../../activities/providers/openai/protocol';
import { NEVER_REPORTED, type ProviderReport, type Standing } from '../../contracts/breakers';
import type { ConfiguredProvider } from '../../contracts/config/model-config';
import { createPriceBook } from '../../contracts/prices';
import type { ProfileSample } from '../../contracts/profiles';
import type { RouteFacts } from '../../contracts/routing/facts';
import { provider } from './routing-facts';

export interface ScriptedModel {
  readonly configured: ConfiguredProvider;
  readonly provider: ModelProvider;
}

/** Providers whose wire is an upstream that a test scripts, through the vendors' own SDKs. */
export function scriptedModel(
  name: 'anthropic' | 'openai' | 'ollama' | 'offline',
  url: string,
  more: Partial<ConfiguredProvider> = {},
): ScriptedModel {
  switch (name) {
    case 'anthropic': {
      const models = ['claude-sonnet-5'];
      return {
        configured: provider(name, models, { protocol: 'anthropic', vendor: 'anthropic', ...more }),
        provider: createProvider(anthropicProtocol({ name, apiKey: 'k', baseUrl: url, maxTokens: 16_000 })),
      };
    }
    case 'openai':
    case 'offline': {
      const standIn = name === 'offline';
      const models = [standIn ? 'offline-scripted' : 'gpt-6-sol'];
      const vendor = standIn ? {} : ({ vendor: 'openai' } as const);
      return {
        configured: provider(name, models, { ...vendor, standIn, ...more }),
        provider: createProvider(
          openAiProtocol({ name, apiKey: 'k', baseUrl: `${url}/v1`, structuredOutput: true, ...vendor }),
        ),
      };
    }
    case 'ollama': {
      const models = ['qwen3:8b'];
      return {
        configured: provider(name, models, { protocol: 'ollama', ...more }),
        provider: createProvider(ollamaProtocol({ name, baseUrl: url, maxContext: 32_768 })),
      };
    }
  }
}

/** Breakers that stand as a test says, and remember what they were told and asked. */
export class ScriptedBreakers implements BreakerPort {
  readonly standings = new Map<string, Standing>();
  readonly reports: { readonly breaker: string; readonly report: ProviderReport }[] = [];
  readonly probes: { readonly breaker: string; readonly who: string; readonly leaseMs?: number }[] = [];
  grants = (_breaker: string): boolean => true;
  /** How a breaker stands whose probe somebody else took just before. */
  takenBefore: Standing | undefined;

  readonly standing = async (breaker: string): Promise<Standing> => this.standings.get(breaker) ?? NEVER_REPORTED;

  readonly report = async (breaker: string, report: ProviderReport): Promise<void> => {
    this.reports.push({ breaker, report });
  };

  readonly takeProbe = async (breaker: string, who: string, leaseMs?: number): Promise<boolean> => {
    this.probes.push({ breaker, who, ...(leaseMs === undefined ? {} : { leaseMs }) });
    if (this.takenBefore !== undefined) this.standings.set(breaker, this.takenBefore);
    if (this.takenBefore !== undefined) return false;
    const { generation } = await this.standing(breaker);
    const isGranted = this.grants(breaker);
    if (isGranted) this.standings.set(breaker, { state: 'half-open', generation: generation + 1 });
    return isGranted;
  };

  /** What was told of failures, and nothing of calls that went well. */
  get failures(): { readonly breaker: string; readonly outcome: ProviderReport['outcome'] }[] {
    return this.reports.flatMap(({ breaker, report }) =>
      typeof report.outcome === 'object' ? [{ breaker, outcome: report.outcome }] : [],
    );
  }
}

/** A purse that holds so much, and remembers how each hold ended: `unknown` where nobody knew what was spent. */
export class ScriptedPurse implements Purse {
  readonly scope = { run: 'p/r' };
  readonly held: number[] = [];
  readonly settled: (number | 'unknown')[] = [];

  constructor(
    private left = Infinity,
    private readonly retryAt?: number,
  ) {}

  async hold(estimateNano: number) {
    if (estimateNano > this.left) throw new OverBudget('acme has $0.00 of $10.00 left this month.', this.retryAt);
    this.held.push(estimateNano);
    this.left -= estimateNano;
    return { settle: (spent: number | undefined) => void this.settled.push(spent ?? 'unknown') };
  }
}

export interface ScriptedClient {
  readonly client: ModelClient;
  readonly breakers: ScriptedBreakers;
  readonly learned: ProfileSample[];
}

export function scriptedClient(
  models: readonly ScriptedModel[],
  config: Partial<RouteFacts['config']> = {},
  breakers = new ScriptedBreakers(),
): ScriptedClient {
  const providers = models.map(({ configured }) => configured);
  const learned: ProfileSample[] = [];
  const client = createModelClient({
    config: { providers, chains: {}, routes: [], experiments: [], policies: [], ...config },
    breakers,
    prices: createPriceBook(providers),
    profiles: { known: async () => [], learn: (sample) => void learned.push(sample) },
    redact: (text) => text.replaceAll('hunter2-canary', '***'),
  });
  return { client, breakers, learned };
}

/** One try at one answer. */
export function tryOf(more: Partial<AttemptRequest> = {}): AttemptRequest {
  return {
    id: 'run-1/plan#1',
    attemptId: 'try-1',
    inputTokens: 1_000,
    maxOutputTokens: 1_000,
    trials: [],
    timeoutMs: 30_000,
    signal: new AbortController().signal,
    ...more,
  };
}
