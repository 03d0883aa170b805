import { USAGE, type Asked, type Spoken, type WireEvent } from './scripted-api';

interface Item {
  readonly type?: string;
  readonly role?: string;
  readonly content?: string | { readonly text?: string }[];
  readonly output?: unknown;
}

const SHELL_TOOLS = ['exec_command', 'shell_command', 'shell'];

/** A request to `/v1/responses`. */
export function readOpenai(body: Record<string, unknown>): Asked {
  const items = (body['input'] ?? []) as Item[];
  const contents = items.filter(({ role }) => role === 'user').map(({ content }) => content ?? []);
  const tools = (body['tools'] ?? []) as { name?: string }[];
  return {
    texts: contents.flatMap((content) =>
      typeof content === 'string' ? [content] : content.flatMap((part) => part.text ?? []),
    ),
    toolResults: items
      .filter(({ type }) => type === 'function_call_output')
      .map(({ output }) => JSON.stringify(output)),
    shellTool: SHELL_TOOLS.find((name) => tools.some((tool) => tool.name === name)),
  };
}

export function openaiTurn(turn: Spoken, { toolResults, shellTool }: Asked): WireEvent[] {
  const id = `resp_${toolResults.length}`;
  const item =
    'say' in turn
      ? { type: 'message', role: 'assistant', id: `msg_${id}`, content: [{ type: 'output_text', text: turn.say }] }
      : {
          type: 'function_call',
          id: `fc_${id}`,
          call_id: `call_${id}`,
          name: shellTool,
          arguments: call(turn, shellTool),
        };
  const usage = {
    input_tokens: USAGE.input,
    output_tokens: USAGE.output,
    total_tokens: USAGE.input + USAGE.output,
  };
  return [
    { type: 'response.created', response: { id } },
    { type: 'response.output_item.done', output_index: 0, item },
    { type: 'response.completed', response: { id, usage } },
  ];
}

export function openaiRefusal({ type, message }: { readonly type: string; readonly message: string }): unknown {
  return { error: { type, code: type, message } };
}

function call({ run, escalate }: Extract<Spoken, { run: string }>, tool: string | undefined): string {
  const wish = escalate === true ? { sandbox_permissions: 'require_escalated', justification: 'to work' } : {};
  if (tool === 'exec_command') return JSON.stringify({ cmd: run, ...wish });
  return JSON.stringify({ command: tool === 'shell' ? ['sh', '-c', run] : run, ...wish });
}
