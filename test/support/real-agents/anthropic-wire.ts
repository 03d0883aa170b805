import { USAGE, type Asked, type Spoken, type WireEvent } from './scripted-api';

interface Block {
  readonly type: string;
  readonly text?: string;
  readonly content?: unknown;
}

/** A request to `/v1/messages`. */
export function readAnthropic(body: Record<string, unknown>): Asked {
  const messages = (body['messages'] ?? []) as { role: string; content: string | Block[] }[];
  const blocks = messages
    .filter(({ role }) => role === 'user')
    .flatMap(({ content }) => (typeof content === 'string' ? [{ type: 'text', text: content }] : content));
  const tools = (body['tools'] ?? []) as { name?: string }[];
  return {
    texts: blocks.flatMap((block) => block.text ?? []),
    toolResults: blocks.filter(({ type }) => type === 'tool_result').map(({ content }) => JSON.stringify(content)),
    shellTool: tools.find(({ name }) => name === 'Bash')?.name,
  };
}

export function anthropicTurn(turn: Spoken, { toolResults, shellTool }: Asked): WireEvent[] {
  const isSaid = 'say' in turn;
  const block = isSaid
    ? { type: 'text', text: '' }
    : { type: 'tool_use', id: `toolu_${toolResults.length}`, name: shellTool, input: {} };
  const delta = isSaid
    ? { type: 'text_delta', text: turn.say }
    : {
        type: 'input_json_delta',
        partial_json: JSON.stringify({
          command: turn.run,
          description: 'work',
          run_in_background: turn.background === true,
        }),
      };
  const usage = { input_tokens: USAGE.input, output_tokens: USAGE.output };
  const message = {
    id: `msg_${toolResults.length}`,
    type: 'message',
    role: 'assistant',
    model: 'scripted',
    content: [],
  };
  return [
    { type: 'message_start', message: { ...message, stop_reason: null, usage: { ...usage, output_tokens: 1 } } },
    { type: 'content_block_start', index: 0, content_block: block },
    { type: 'content_block_delta', index: 0, delta },
    { type: 'content_block_stop', index: 0 },
    { type: 'message_delta', delta: { stop_reason: isSaid ? 'end_turn' : 'tool_use', stop_sequence: null }, usage },
    { type: 'message_stop' },
  ];
}

export function anthropicRefusal({ type, message }: { readonly type: string; readonly message: string }): unknown {
  return { type: 'error', error: { type, message } };
}
