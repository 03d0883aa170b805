import type { Json } from '../../../contracts/json';
import { isJsonObject } from '../json';

const TEXTS = ['content', 'reasoning_content', 'reasoning', 'refusal'] as const;
const OTHERS = ['content', 'tool_calls', 'function_call', 'audio', 'images'] as const;

/** How many bytes of content a message or a delta bears. What is no text is content too. */
export function contentBytesOf(message: Json | undefined): number {
  if (!isJsonObject(message)) return 0;
  let bytes = 0;
  for (const name of TEXTS) {
    const text = message[name];
    if (typeof text === 'string') bytes += Buffer.byteLength(text);
  }
  for (const name of OTHERS) {
    const value = message[name];
    const isFilled = Array.isArray(value) ? value.length > 0 : isJsonObject(value);
    if (isFilled) bytes += JSON.stringify(value).length;
  }
  return bytes;
}
