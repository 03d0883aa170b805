/**
 * The same response, checked line by line. The SDK skips a line that is no JSON and prints it, so that an answer cut
 * in the middle of a line would lose words and show them on the terminal.
 */
export function wholeLines(response: Response): Response {
  if (!response.body) return response;
  const decoder = new TextDecoder();
  let rest = '';
  const check = new TransformStream<Uint8Array, Uint8Array>({
    transform: (chunk, controller) => {
      const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
      rest = lines.pop() ?? '';
      lines.filter((line) => line.trim() !== '').forEach((line) => void JSON.parse(line));
      controller.enqueue(chunk);
    },
    flush: () => {
      if (rest.trim() !== '') JSON.parse(rest);
    },
  });
  const { status, statusText, headers } = response;
  return new Response(response.body.pipeThrough(check), { status, statusText, headers });
}
