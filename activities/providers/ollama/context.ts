import { EXPECTED_ANSWER, tokensOfPrompt } from '../../../contracts/tokens';
import { TOO_LONG } from '../classify/rule';
import { UnusableAnswer } from '../provider-failure';

/** What a prompt takes up. */
export interface Extent {
  /** Of its texts, in UTF-8: what is no Latin script has fewer characters to a token, and more bytes to a character. */
  readonly bytes: number;
  readonly images: number;
  /** The longest answer asked for, tokens. */
  readonly answer: number | undefined;
}

const IMAGE_TOKENS = 1_000;
const SHORTEST = 8_192;

/**
 * Tokens of context to ask for: a power of two with room for the prompt and an answer. A prompt that does not fit is
 * refused here, because Ollama would drop its beginning silently. Fails: UnusableAnswer.
 */
export function contextFor({ bytes, images, answer = EXPECTED_ANSWER }: Extent, maxContext: number): number {
  const prompt = tokensOfPrompt(bytes) + images * IMAGE_TOKENS;
  const least = prompt + Math.min(answer, EXPECTED_ANSWER);
  if (least > maxContext) {
    throw tooLong(
      `the prompt needs about ${least} tokens of context and this Ollama is used with ${maxContext} at most`,
    );
  }
  return Math.min(maxContext, 2 ** Math.ceil(Math.log2(Math.max(prompt + answer, SHORTEST))));
}

/** No language and no code has so many bytes to a token; below this size nobody can tell. */
const IMPLAUSIBLE_BYTES_PER_TOKEN = 12;
const TELLING_BYTES = 8_192;

/**
 * See that all of the prompt was read. Ollama refuses to cut one, but older ones do not know that they shall, and a
 * model may have less context than was asked for. Fails: UnusableAnswer.
 *
 * @param read tokens of the prompt, as the answer tells them
 */
export function demandWholePrompt({ bytes }: Extent, context: number, read: number | undefined): void {
  if (read === undefined || read === 0) return;
  const isFull = read >= context;
  const isFew = bytes > TELLING_BYTES && bytes / read > IMPLAUSIBLE_BYTES_PER_TOKEN;
  if (isFull || isFew) {
    throw tooLong(
      `Ollama cut the prompt: it read ${read} tokens of ${bytes} bytes, with a context of ${context} asked for`,
    );
  }
}

function tooLong(message: string): UnusableAnswer {
  return new UnusableAnswer('Provider.Request', TOO_LONG.code, message);
}
