import { Ollama } from 'ollama';

export interface FoundOllama {
  readonly settings?: Record<string, unknown>;
  readonly notes: readonly string[];
}

const PORT = 11434;
const LOOK_MS = 1_500;

/**
 * Look for an Ollama: at OLLAMA_HOST, else on this host. One that was named but does not answer is still used when
 * GANTRY_OLLAMA_MODEL says with which model, since it may be up by the time it is needed.
 */
export async function findOllama(env: Readonly<Record<string, string | undefined>>): Promise<FoundOllama> {
  const named = env['OLLAMA_HOST']?.trim();
  const wanted = env['GANTRY_OLLAMA_MODEL']?.trim();
  const baseUrl = addressOf(named || `127.0.0.1:${PORT}`);
  const served = await modelsAt(baseUrl);
  if (served === undefined) {
    if (!named) return { notes: [] };
    if (!wanted) return { notes: [`No Ollama answers at ${baseUrl} (OLLAMA_HOST): start it with \`ollama serve\`.`] };
  }
  const models = [...new Set([...(wanted ? [wanted] : []), ...(served ?? [])])];
  if (models.length === 0) return { notes: [`The Ollama at ${baseUrl} has no model: get one with \`ollama pull\`.`] };
  const context = env['GANTRY_OLLAMA_CONTEXT']?.trim();
  const maxContext = context ? Number(context) : undefined;
  return { settings: { protocol: 'ollama', name: 'ollama', baseUrl, models, maxContext }, notes: [] };
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

/** Models that can chat, newest first as Ollama lists them. Undefined where nobody answers. */
async function modelsAt(baseUrl: string): Promise<string[] | undefined> {
  const ollama = new Ollama({
    host: baseUrl,
    fetch: (url, init) => fetch(url, { ...init, signal: AbortSignal.timeout(LOOK_MS) }),
  });
  try {
    const { models } = await ollama.list();
    return models.map(({ name }) => name).filter((name) => !/embed|rerank/i.test(name));
  } catch {
    return undefined;
  }
}
