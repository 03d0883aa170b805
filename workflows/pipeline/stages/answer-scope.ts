import type { ExpressionScope } from '../../../contracts/definition';
import type { CallModelResult } from '../../../contracts/models';
import { excerpt } from '../../../contracts/text';
import type { Work } from './work-item';

/** What is said of an answer may name all that its stage may, and the answer as `output`. */
export function scopeOfAnswer({ run, key }: Work, answer: CallModelResult): ExpressionScope {
  return run.scope(key, { output: answer.output ?? excerpt(answer.text) });
}
