/**
 * The same response, line by line and each line checked. The SDK skips a line that is no JSON and prints it: an answer
 * cut in the middle of a line would lose words and show them on the terminal, and so would a blank line be shown that
 * keeps the connection alive.
 */
export function wholeLines(response: Response): Response {
  if (!response.body) return response;
  const { status, statusText, headers } = response;
  return new Response(ReadableStream.from(checkedLines(response.body)), { status, statusText, headers });
}

async function* checkedLines(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const decoder = new TextDecoder();
  const encoder = new TextEncoder();
  let rest = '';
  for await (const chunk of body) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    const said = lines.filter((line) => line.trim() !== '');
    said.forEach((line) => void JSON.parse(line));
    if (said.length > 0) yield encoder.encode(`${said.join('\n')}\n`);
  }
  if (rest.trim() === '') return;
  JSON.parse(rest);
  yield encoder.encode(`${rest}\n`);
}
