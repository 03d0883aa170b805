const TEXTS = ['content', 'reasoning_content', 'reasoning', 'refusal'] as const;

/** How many bytes of content a delta bears. What is no text is content too. */
export function contentBytesOf(delta: Record<string, unknown>): number {
  const texts = TEXTS.map((name) => delta[name]);
  const length = texts.reduce<number>((sum, text) => sum + (typeof text === 'string' ? Buffer.byteLength(text) : 0), 0);
  const { tool_calls: calls, function_call: call, audio } = delta;
  const others = [Array.isArray(calls) && calls.length > 0 ? calls : undefined, call, audio];
  return length + others.reduce<number>((sum, one) => sum + (one == null ? 0 : JSON.stringify(one).length), 0);
}
