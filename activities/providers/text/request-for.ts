import type { JsonObject } from '../../../contracts/json';
import type { CompletionRequest, WireRequest } from '../model-provider';
import { wireRequest } from '../wire-request';

/** The chat completion that a text is asked for with. Its answer is a stream, so that all can see it grow. */
export function requestFor(request: CompletionRequest, format: JsonObject | undefined): WireRequest {
  const { model, system, messages, maxOutputTokens } = request;
  return wireRequest({
    model,
    messages: [...(system ? [{ role: 'system', content: system }] : []), ...messages],
    stream: true,
    stream_options: { include_usage: true },
    ...(maxOutputTokens === undefined ? {} : { max_tokens: maxOutputTokens }),
    ...(format === undefined ? {} : { response_format: format }),
  });
}
