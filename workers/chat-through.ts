import type { JsonObject } from '../contracts/json';
import type { Chat } from '../activities/tasks/task-ports';
import { readChat } from './gateway/chat/read-chat';
import type { Upstream } from './gateway/upstream/upstream';

/** Bytes of an answer for a token, with what stands around it: only for answers that do not tell their usage. */
const BYTES_PER_TOKEN = 4;

/** Chat completions of tasks go the way that those of the gateway go. */
export function chatThrough(upstreams: ReadonlyMap<string, Upstream>): Chat {
  return async ({ provider, model }, body, { timeouts, signal }) => {
    const upstream = upstreams.get(provider);
    if (upstream === undefined) throw new Error(`nobody knows how to reach the provider ${provider}`);
    const request = readChat(Buffer.from(JSON.stringify(body)));
    const { bytes, usage, ...answer } = await upstream.complete(request, { model, timeouts, signal });
    return {
      ...answer,
      usage: usage ?? { input: request.inputTokens, output: Math.ceil(bytes.length / BYTES_PER_TOKEN) },
      value: { body: JSON.parse(bytes.toString('utf8')) as JsonObject },
    };
  };
}
