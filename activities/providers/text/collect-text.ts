import { isObject } from '../json';
import type { Completion, CompletionRequest, StreamedAnswer } from '../model-provider';
import { dataOf, eventsIn } from '../openai/events';
import { UnusableAnswer } from '../provider-failure';

/** The whole text of an answer that streams. Fails: UnusableAnswer for one that is none, or not all of one. */
export async function collectText(
  { parts, account }: StreamedAnswer,
  onProgress: CompletionRequest['onProgress'],
): Promise<Completion> {
  const words = new Words();
  for await (const { bytes } of parts) {
    for (const event of eventsIn(bytes.toString('utf8'))) {
      if (words.hear(event)) onProgress?.(words.text);
    }
  }
  const text = words.demandWhole();
  const { model, usage, costUsd, requestId } = account();
  return { text, model, usage, costUsd, requestId };
}

/** What the first choice of a stream says. Chunks have been read before, and are what they should be. */
class Words {
  text = '';
  private refusal = '';
  private finish: string | undefined;

  /** Whether the text has grown. */
  hear(event: string): boolean {
    const data = dataOf(event);
    const chunk: unknown = data === undefined ? undefined : JSON.parse(data);
    const choices = isObject(chunk) && Array.isArray(chunk['choices']) ? chunk['choices'] : [];
    const choice: unknown = choices[0];
    if (!isObject(choice)) return false;
    const { delta, finish_reason: finish } = choice;
    if (typeof finish === 'string') this.finish = finish;
    const { content, refusal } = isObject(delta) ? delta : {};
    if (typeof refusal === 'string') this.refusal += refusal;
    if (typeof content !== 'string' || content === '') return false;
    this.text += content;
    return true;
  }

  demandWhole(): string {
    const { text, refusal, finish } = this;
    if (refusal !== '') throw new UnusableAnswer('Provider.Policy', 'refusal', `the model declined: ${refusal}`);
    if (finish === 'content_filter') {
      throw new UnusableAnswer('Provider.Policy', 'content_filter', 'the answer was declined or filtered');
    }
    if (finish === 'length') {
      throw new UnusableAnswer('Provider.Request', 'length', 'the answer was cut at a limit of the model');
    }
    if (text.trim() === '') throw new UnusableAnswer('Provider.BadResponse', 'empty', 'the answer is empty');
    return text;
  }
}
