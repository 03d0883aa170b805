import type { Json, JsonObject } from '../../../contracts/json';
import { isJsonObject } from '../json';
import type { Asked } from '../protocol';
import { UnusableAnswer } from '../provider-failure';
import { wantsUsage } from '../wire-request';

/** What has to come for an answer to be whole. */
export interface Expected {
  readonly model: string;
  readonly choices: number;
  /** With a stop given, an answer may well end before it begins. */
  readonly mayBeEmpty: boolean;
  /** Whoever asked knows the chunk of usage, which has no choices. */
  readonly wantsUsage: boolean;
}

export function expectedOf({ request, model }: Asked): Expected {
  const { n, stop } = request.body;
  return {
    model,
    choices: typeof n === 'number' ? n : 1,
    mayBeEmpty: typeof stop === 'string' ? stop !== '' : Array.isArray(stop) && stop.length > 0,
    wantsUsage: wantsUsage(request),
  };
}

/** An error that a provider sent in the place of an answer, or of a part of it. */
export class ErrorInAnswer extends Error {
  override readonly name = 'ErrorInAnswer';

  constructor(readonly error: JsonObject) {
    super('the provider sent an error in the place of an answer');
  }
}

/** The choices of an answer or of a chunk. Fails: {@link ErrorInAnswer}, UnusableAnswer. */
export function choicesIn(answer: JsonObject): readonly JsonObject[] {
  demandNoError(answer);
  const choices = Array.isArray(answer['choices']) ? answer['choices'].filter(isJsonObject) : [];
  for (const choice of choices) {
    demandNoError(choice);
    if (choice['finish_reason'] !== 'error') continue;
    throw new UnusableAnswer('Provider.BadResponse', 'error', 'the provider ended with an error');
  }
  return choices;
}

/** Reasons to end that explain why there is nothing: the model thought for too long, or was not let. */
export function mayEndEmpty(finish: Json | undefined): boolean {
  return finish === 'length' || finish === 'content_filter';
}

export function empty(message: string): UnusableAnswer {
  return new UnusableAnswer('Provider.BadResponse', 'empty', message);
}

/** Fails: {@link ErrorInAnswer}. */
export function demandNoError(place: JsonObject): void {
  const { error } = place;
  if (place['object'] === 'error') throw new ErrorInAnswer(place);
  if (typeof error === 'string' && error !== '') throw new ErrorInAnswer({ message: error });
  if (isJsonObject(error)) throw new ErrorInAnswer(error);
}
