import { isObject } from '../json';
import type { WireRequest } from '../model-provider';
import type { Asked } from '../protocol';
import type { OpenAiSettings } from '../settings';
import { wantsUsage } from '../wire-request';
import type { Changes } from './rewrite';

type Fields = Record<string, unknown>;

/** What has to be otherwise in a chat completion for this server. A stream is always asked to tell its usage. */
export function chatChanges(settings: OpenAiSettings, asked: Asked, stream: boolean): Changes {
  const changes = { model: asked.model };
  changeLimit(changes, settings, asked);
  changeStream(changes, asked.request, stream);
  return changes;
}

function changeStream(changes: Fields, request: WireRequest, stream: boolean): void {
  const { stream: said, stream_options: options } = request.body;
  if (!stream && said === true) {
    changes['stream'] = undefined;
    changes['stream_options'] = undefined;
  }
  if (!stream) return;
  if (said !== true) changes['stream'] = true;
  if (wantsUsage(request)) return;
  changes['stream_options'] = { ...(isObject(options) ? options : {}), include_usage: true };
}

/** OpenAI's newer models refuse the old word for the longest answer, and other servers do not know the new one. */
function changeLimit(changes: Fields, { vendor }: OpenAiSettings, { request: { body }, maxOutput: most }: Asked): void {
  const asked = body[NEW_WORD] ?? body[OLD_WORD] ?? undefined;
  if (asked === undefined && most === undefined) return;
  const limit = typeof asked === 'number' ? Math.min(asked, most ?? asked) : (asked ?? most);
  const [word, other] = vendor === 'openai' ? [NEW_WORD, OLD_WORD] : [OLD_WORD, NEW_WORD];
  if (body[word] !== limit) changes[word] = limit;
  if (Object.hasOwn(body, other)) changes[other] = undefined;
}

const NEW_WORD = 'max_completion_tokens';
const OLD_WORD = 'max_tokens';

/** AnythingLLM has a word of its own for what is to be embedded. */
export function embeddingChanges({ vendor }: OpenAiSettings, { request: { body }, model }: Asked): Changes {
  const { input } = body;
  return vendor === 'anythingllm' ? { model, inputs: Array.isArray(input) ? input : [input] } : { model };
}
