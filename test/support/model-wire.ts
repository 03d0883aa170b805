import type { Reply } from './scripted-upstream';

// Answers of model providers as they look on the wire.

const SSE = { 'content-type': 'text/event-stream; charset=utf-8' };
const NDJSON = { 'content-type': 'application/x-ndjson' };

export function json(status: number, body: unknown, headers: Record<string, string> = {}): Reply {
  return { status, headers: { 'content-type': 'application/json', ...headers }, chunks: [JSON.stringify(body)] };
}

export function html(status: number): Reply {
  return {
    status,
    headers: { 'content-type': 'text/html' },
    chunks: ['<html><head><style>p{}</style></head><body><h1>Sign in to the guest network</h1></body></html>'],
  };
}

export function openAiChunk(delta: object, finish: string | null = null, more: object = {}): string {
  const choices = [{ index: 0, delta, finish_reason: finish }];
  return `data: ${JSON.stringify({ id: 'c1', object: 'chat.completion.chunk', created: 1, model: 'gpt-test-2026', choices, ...more })}\n\n`;
}

export function openAiAnswer(
  pieces: readonly string[],
  usage: object = { prompt_tokens: 11, completion_tokens: 7 },
): Reply {
  return {
    headers: { ...SSE, 'x-request-id': 'req-openai-1' },
    chunks: [
      openAiChunk({ role: 'assistant', content: '' }),
      ': keep-alive\n\n',
      ...pieces.map((content) => openAiChunk({ content })),
      openAiChunk({}, 'stop'),
      openAiChunk({}, null, { choices: [], usage }),
      'data: [DONE]\n\n',
    ],
  };
}

export function anthropicEvent(type: string, body: object = {}): string {
  return `event: ${type}\ndata: ${JSON.stringify({ type, ...body })}\n\n`;
}

export function anthropicStart(usage: object = { input_tokens: 11, output_tokens: 1 }): string {
  const message = { id: 'm1', type: 'message', role: 'assistant', model: 'claude-test-2026', content: [], usage };
  return anthropicEvent('message_start', { message });
}

export function anthropicText(text: string): string {
  return anthropicEvent('content_block_delta', { index: 0, delta: { type: 'text_delta', text } });
}

export function anthropicAnswer(pieces: readonly string[], stopReason = 'end_turn', usage?: object): Reply {
  return {
    headers: { ...SSE, 'request-id': 'req-anthropic-1' },
    chunks: [
      anthropicStart(usage),
      anthropicEvent('content_block_start', { index: 0, content_block: { type: 'text', text: '' } }),
      anthropicEvent('ping'),
      ...pieces.map(anthropicText),
      anthropicEvent('content_block_stop', { index: 0 }),
      anthropicEvent('message_delta', { delta: { stop_reason: stopReason }, usage: { output_tokens: 7 } }),
      anthropicEvent('message_stop'),
    ],
  };
}

export function ollamaLine(content: string, more: object = {}): string {
  const message = { role: 'assistant', content };
  return `${JSON.stringify({ model: 'llama-test', created_at: '2026-01-01T00:00:00Z', message, done: false, ...more })}\n`;
}

export function ollamaAnswer(pieces: readonly string[]): Reply {
  const end = { done: true, done_reason: 'stop', prompt_eval_count: 11, eval_count: 7 };
  return { headers: NDJSON, chunks: [...pieces.map((piece) => ollamaLine(piece)), ollamaLine('', end)] };
}

export function stream(protocol: Protocol, chunks: readonly string[], then: Reply['then'] = 'end'): Reply {
  return { headers: protocol === 'ollama' ? NDJSON : SSE, chunks, then };
}

export type Protocol = 'anthropic' | 'openai' | 'ollama';

/** A complete answer in any of the three protocols. */
export function answer(protocol: Protocol, pieces: readonly string[]): Reply {
  if (protocol === 'anthropic') return anthropicAnswer(pieces);
  return protocol === 'openai' ? openAiAnswer(pieces) : ollamaAnswer(pieces);
}

/** The first half of an answer. */
export function beginning(protocol: Protocol): string[] {
  if (protocol === 'anthropic') return [anthropicStart(), anthropicText('Half an ')];
  if (protocol === 'openai') return [openAiChunk({ role: 'assistant', content: 'Half an ' })];
  return [ollamaLine('Half an ')];
}

/** A whole chat completion, as servers of OpenAI's protocol answer where no stream is asked for. */
export function openAiWhole(content: string, more: object = {}): Reply {
  const choices = [{ index: 0, message: { role: 'assistant', content }, finish_reason: 'stop' }];
  const usage = { prompt_tokens: 11, completion_tokens: 7, total_tokens: 18 };
  return json(200, {
    ...{ id: 'c1', object: 'chat.completion', created: 1, model: 'gpt-test-2026', choices, usage },
    ...more,
  });
}
