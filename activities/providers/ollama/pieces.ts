import { randomBytes } from 'node:crypto';
import type { ChatResponse } from 'ollama';
import type { Piece, Told } from '../translate/piece';

/**
 * A stream of Ollama's lines, piece by piece. The SDK itself fails where the last one is missing.
 *
 * @param atEnd is given the last line, before it counts as an end
 */
export async function* piecesOf(
  parts: AsyncIterable<ChatResponse>,
  told: Told,
  atEnd: (last: ChatResponse) => void,
): AsyncGenerator<Piece> {
  let calls = 0;
  for await (const part of parts) {
    const { content, thinking, tool_calls: called } = part.message;
    told.model = part.model;
    if (thinking) yield { kind: 'reasoning', text: thinking };
    if (content) yield { kind: 'text', text: content };
    for (const { function: tool } of called ?? []) {
      const index = calls++;
      yield { kind: 'call', index, id: `call_${randomBytes(9).toString('base64url')}`, name: tool.name };
      yield { kind: 'arguments', index, text: JSON.stringify(tool.arguments) };
    }
    if (!part.done) continue;
    atEnd(part);
    told.usage = { input: part.prompt_eval_count ?? 0, output: part.eval_count ?? 0 };
    const whole = calls > 0 ? 'tool_calls' : 'stop';
    yield { kind: 'end', reason: part.done_reason === 'length' ? 'length' : whole };
  }
}
