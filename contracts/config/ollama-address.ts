import { isMapping } from '../reading/values';

// The pure part of looking for an Ollama; who asks it does so with one GET of the address.

const PORT = 11434;

/** What is known of an Ollama that was asked, or could not be. */
export interface AskedOllama {
  readonly baseUrl: string;
  /** Those that can chat, in Ollama's order, newest first; absent: nobody answered. */
  readonly models?: readonly string[];
}

/** Where Ollama is looked for: at OLLAMA_HOST, else on this machine. */
export function ollamaAddress(env: Readonly<Record<string, string | undefined>>): string {
  return addressOf(env['OLLAMA_HOST']?.trim() || `127.0.0.1:${PORT}`);
}

/** OLLAMA_HOST as people write it: a port, a host, a whole address; 0.0.0.0 is for listening only. */
export function addressOf(host: string): string {
  const whole = host.includes('://') ? host : `http://${host.startsWith(':') ? `127.0.0.1${host}` : host}`;
  if (!URL.canParse(whole)) return whole;
  const url = new URL(whole);
  if (url.port === '' && !host.includes('://')) url.port = String(PORT);
  if (url.hostname === '0.0.0.0') url.hostname = '127.0.0.1';
  return url.href.replace(/\/$/, '');
}

/** The models in an answer to GET /api/tags that can chat. Undefined: this is no Ollama. */
export function modelsOfTags(answer: unknown): readonly string[] | undefined {
  if (!isMapping(answer) || !Array.isArray(answer['models'])) return undefined;
  const names = answer['models'].map((model: unknown) => (isMapping(model) ? model['name'] : undefined));
  return names.filter((name): name is string => typeof name === 'string' && !/embed|rerank/i.test(name));
}
