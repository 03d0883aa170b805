import type { BudgetsFile } from '../schemas/config/budgets';
import type { GatewayFile } from '../schemas/config/gateway';
import type { Policy } from '../schemas/config/policies';
import type { ModelPriceFile, Vendor } from '../schemas/config/providers';
import type { Experiment, RouteRule } from '../schemas/config/routes';

/**
 * The configuration of models as the rest of gantry works with it: read from `gantry.config.yaml`, from the environment,
 * or from both; every name in it is known to exist. It holds names of variables and never a key.
 */
export interface ModelConfig {
  readonly organisation: string;
  /** In order of preference; those that are not enabled are left out. */
  readonly providers: readonly ConfiguredProvider[];
  /** Names that the configuration knows and that cannot be asked from here: not enabled, not chosen, or without a key. */
  readonly leftOut?: readonly string[];
  readonly chains: Readonly<Record<string, readonly string[]>>;
  readonly routes: readonly RouteRule[];
  readonly experiments: readonly Experiment[];
  readonly policies: readonly Policy[];
  /** Who answers when nobody else does in time; absent: nobody. */
  readonly lastResort?: string;
  /** Absent: nothing is limited, and nothing is counted but by each run itself. */
  readonly budgets?: BudgetsFile;
  readonly gateway: GatewayFile;
  /** Where it is from, for people: a path, `the environment`. */
  readonly source: string;
}

export interface ConfiguredProvider {
  readonly name: string;
  readonly vendor?: Vendor;
  readonly protocol: 'anthropic' | 'openai' | 'ollama';
  readonly baseUrl: string;
  /** The variable of the environment that holds its key; absent: it needs none. */
  readonly keyVariable?: string;
  /** At least one; the first is asked when nobody names one. */
  readonly models: readonly string[];
  readonly tags: readonly string[];
  /** By model, `*` for all: above the price list. */
  readonly prices: Readonly<Record<string, ModelPriceFile>>;
  /** A stand-in costs nothing and answers only where there is nobody else. */
  readonly standIn: boolean;
  /** Longest answer, tokens. */
  readonly maxOutput?: number;
  /** Longest context, tokens: for an Ollama what it is asked for at most. */
  readonly maxContext?: number;
  readonly structuredOutput: boolean;
  readonly organization?: string;
  readonly project?: string;
  readonly firstEventMs?: number;
  readonly idleMs?: number;
}
