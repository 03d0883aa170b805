import { tokensOfPrompt } from '../../contracts/tokens';
import { isObject } from './json';

/** What an image costs at most vendors, roughly; its bytes say nothing. */
const TOKENS_PER_IMAGE = 1_500;

/** Tokens that a request may have, from its bytes; images count by number. */
export function estimateTokens(raw: Buffer, body: Readonly<Record<string, unknown>>): number {
  const inline = raw.length > INLINE_BYTES ? inlineDataIn(body['messages']) : { count: 0, bytes: 0 };
  return tokensOfPrompt(raw.length - inline.bytes) + inline.count * TOKENS_PER_IMAGE;
}

/** A body below this is not searched for images: at worst a little too much is held. */
const INLINE_BYTES = 4_096;

function inlineDataIn(messages: unknown): { readonly count: number; readonly bytes: number } {
  const parts = (Array.isArray(messages) ? messages : [])
    .filter(isObject)
    .flatMap(({ content }) => (Array.isArray(content) ? content.filter(isObject) : []));
  const data = parts.map(dataOf).filter((one) => one !== undefined);
  return { count: data.length, bytes: data.reduce((sum, { length }) => sum + length, 0) };
}

/** The bytes of an image, a sound or a file that stands in the message itself. */
function dataOf(part: Record<string, unknown>): string | undefined {
  const { image_url: image, input_audio: audio, file } = part;
  const texts = [
    isObject(image) ? image['url'] : image,
    isObject(audio) ? audio['data'] : undefined,
    isObject(file) ? file['file_data'] : undefined,
  ];
  return texts.find((text): text is string => typeof text === 'string');
}
