import type { JsonObject } from '../../../contracts/json';
import { parseObject } from '../json';
import { toldBy, type Told } from './account';
import { choicesIn, demandNoError, empty, mayEndEmpty, type Expected } from './choices';
import { contentBytesOf } from './content';

export interface ReadAnswer {
  readonly body: JsonObject;
  readonly told: Told;
}

/** Read a chat completion that came in one piece. Fails: ErrorInAnswer, UnusableAnswer. */
export function readCompletion(bytes: Buffer, { model, mayBeEmpty }: Expected): ReadAnswer {
  // Blank lines before it, which keep a connection alive, are no harm to JSON.
  const body = parseObject(bytes.toString('utf8'));
  const choices = choicesIn(body);
  if (choices.length === 0) throw empty('the answer holds no choice');
  const bears = choices.some(
    ({ message, finish_reason: finish }) => contentBytesOf(message) > 0 || mayEndEmpty(finish),
  );
  if (!bears && !mayBeEmpty) throw empty('the answer is empty');
  return { body, told: toldBy(body, { model, usage: undefined, costUsd: undefined }) };
}

/** Read a list of embeddings. Fails: ErrorInAnswer, UnusableAnswer. */
export function readEmbeddings(bytes: Buffer, model: string): ReadAnswer {
  const body = parseObject(bytes.toString('utf8'));
  demandNoError(body);
  const { data } = body;
  if (!Array.isArray(data) || data.length === 0) throw empty('the answer holds no embedding');
  return { body, told: toldBy(body, { model, usage: undefined, costUsd: undefined }) };
}
