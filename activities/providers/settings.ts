import type { Vendor } from '../../contracts/schemas/config/providers';

// How one provider is reached. Keys are in it: it is made from the environment of one process and never travels.

interface Reached {
  /** What it is called in messages. */
  readonly name: string;
  readonly baseUrl: string;
  /** Absent: servers at home need none. */
  readonly apiKey?: string;
}

export interface AnthropicSettings extends Reached {
  /** Longest answer, tokens: every request has to say it. */
  readonly maxTokens: number;
}

export interface OpenAiSettings extends Reached {
  /** Absent: a server that is compatible, and no more is known of it. */
  readonly vendor?: Vendor;
  readonly organization?: string;
  readonly project?: string;
  /** Whether the server takes `response_format: json_schema`; many that are compatible otherwise do not. */
  readonly structuredOutput: boolean;
}

export interface OllamaSettings extends Omit<Reached, 'apiKey'> {
  /** Longest context to ask for, tokens: it costs memory of Ollama's host. */
  readonly maxContext: number;
}
