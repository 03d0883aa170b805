import type { Text } from '../../contracts/text';

/** What one look saw. */
export interface Look {
  readonly holds: boolean;
  /** For people: `200 OK, 412 bytes`. */
  readonly saw: string;
  readonly evidence?: Text;
}

/** How much of an answer is searched. */
const BODY_LIMIT_BYTES = 4 * 1024 * 1024;

/** Holds when the address answers with a 2xx status and, if asked for, a body that contains the text. */
export async function lookAtUrl(
  url: string,
  contains: string | undefined,
  { timeoutMs, signal }: { readonly timeoutMs: number; readonly signal: AbortSignal },
): Promise<Look> {
  try {
    const response = await fetch(url, { signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]) });
    const body = await readBody(response);
    const saw = `${response.status} ${response.statusText}`.trim() + `, ${body.length} bytes`;
    if (!response.ok) return { holds: false, saw };
    if (contains === undefined || body.includes(contains)) return { holds: true, saw };
    return { holds: false, saw: `${saw}, without "${contains}"` };
  } catch (error) {
    signal.throwIfAborted();
    return { holds: false, saw: describe(error, timeoutMs) };
  }
}

async function readBody(response: Response): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response.body ?? []) {
    chunks.push(chunk as Uint8Array);
    length += (chunk as Uint8Array).length;
    if (length >= BODY_LIMIT_BYTES) break;
  }
  return Buffer.concat(chunks);
}

function describe(error: unknown, timeoutMs: number): string {
  const { name, message, cause } = error as Error & { cause?: NodeJS.ErrnoException };
  if (name === 'TimeoutError') return `no answer within ${timeoutMs} ms`;
  if (cause?.code === 'ECONNREFUSED') return 'connection refused';
  return cause?.message || message;
}
