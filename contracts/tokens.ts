// Only a model's own tokenizer counts its tokens; before anybody is asked, and where nobody tells, bytes are weighed.

/** The answer that is expected where neither the request nor the provider says how long it may be, tokens. */
export const EXPECTED_ANSWER = 4_096;
/** The same at an Anthropic, whose protocol wants to be told a longest answer: this is what it is asked for. */
export const ANTHROPIC_ANSWER = 16_000;

const PROMPT_BYTES_PER_TOKEN = 3;
const ANSWER_BYTES_PER_TOKEN = 4;

/**
 * About how many tokens a prompt has: three bytes each, which is too many for prose and about right for code and JSON,
 * so that what is held for it, and the context asked for it, is rather too much.
 *
 * @param bytes of it in UTF-8
 */
export function tokensOfPrompt(bytes: number): number {
  return Math.ceil(bytes / PROMPT_BYTES_PER_TOKEN);
}

/**
 * About how many tokens an answer had whose provider did not say: four bytes each, as prose has. It is what is paid for
 * an answer that was cut, or that nobody counted.
 *
 * @param bytes of it in UTF-8
 */
export function tokensOfAnswer(bytes: number): number {
  return Math.ceil(bytes / ANSWER_BYTES_PER_TOKEN);
}
