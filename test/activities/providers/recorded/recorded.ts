import type { Verdict } from '../../../../activities/providers/classify/rule';
import { ERRORS } from '../../../../contracts/errors';

// Answers of vendors that are no answers, as they document them, and what is to be made of each.

export interface Recorded {
  readonly vendor: Vendor;
  readonly what: string;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Text as it came, or a value that comes as JSON. */
  readonly body: unknown;
  readonly verdict: Omit<Verdict, 'fix'>;
}

type Vendor =
  | 'anthropic'
  | 'openai'
  | 'azure'
  | 'deepseek'
  | 'kimi'
  | 'gemini'
  | 'openrouter'
  | 'perplexity'
  | 'localai'
  | 'anythingllm'
  | 'litellm'
  | 'vllm'
  | 'ollama';

type Short = Verdict['type'] extends `Provider.${infer Name}` ? Name : never;

interface More extends Partial<Omit<Verdict, 'fix' | 'type'>> {
  readonly headers?: Readonly<Record<string, string>>;
}

/** A row that differs from its class in nothing but what `more` says. */
export function rowsOf(vendor: Vendor) {
  return (what: string, status: number, body: unknown, type: Short, more: More = {}): Recorded => {
    const { headers = {}, ...differing } = more;
    const name = `Provider.${type}` as const;
    return { vendor, what, status, headers, body, verdict: { ...classOf(name), ...differing, type: name } };
  };
}

function classOf(type: Verdict['type']): Omit<Verdict, 'fix' | 'type'> {
  const isOwn = type === 'Provider.Request' || type === 'Provider.Policy';
  const isPermanent = ['Provider.Quota', 'Provider.Auth', 'Provider.NotFound'].includes(type);
  return {
    retryable: ERRORS[type].retryable,
    failover: !isOwn,
    counts: isOwn ? 'no' : isPermanent ? 'permanent' : 'transient',
    scope: type === 'Provider.NotFound' ? 'model' : 'provider',
  };
}

export const QUOTA_WORDS = 'You exceeded your current quota, please check your plan and billing details.';
export const HTML = '<html><body><h1>502 Bad Gateway</h1></body></html>';
export const HOUR = 3_600_000;
export const DAY = 24 * HOUR;

/** A request that another provider may well take. */
export const ELSEWHERE = { failover: true } as const;

export function openAiError(type: string | null, code: string | null, message: string): object {
  return { error: { message, type, param: null, code } };
}
