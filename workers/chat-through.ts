import type { JsonObject } from '../contracts/json';
import { tokensOfAnswer } from '../contracts/tokens';
import type { Chat } from '../activities/tasks/task-ports';
import { readChat } from './gateway/chat/read-chat';
import type { Upstream } from './gateway/upstream/upstream';

/** Chat completions of tasks go the way that those of the gateway go. */
export function chatThrough(upstreams: ReadonlyMap<string, Upstream>): Chat {
  return async ({ provider, model }, body, { timeouts, signal }) => {
    const upstream = upstreams.get(provider);
    if (upstream === undefined) throw new Error(`nobody knows how to reach the provider ${provider}`);
    const request = readChat(Buffer.from(JSON.stringify(body)));
    const { bytes, usage, ...answer } = await upstream.complete(request, { model, timeouts, signal });
    return {
      ...answer,
      usage: usage ?? { input: request.inputTokens, output: tokensOfAnswer(bytes.length) },
      value: { body: JSON.parse(bytes.toString('utf8')) as JsonObject },
    };
  };
}
