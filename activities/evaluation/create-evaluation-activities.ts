import type { EvaluationActivities } from '../../contracts/evaluation';
import { ANY_TASK } from '../../contracts/profiles';
import type { Text } from '../../contracts/text';
import type { ProfilePort } from '../models/client/ports';
import { evaluate } from './evaluate-answer';

export interface EvaluationPorts {
  readonly readText: (text: Text) => Promise<string>;
  readonly profiles: Pick<ProfilePort, 'learn'>;
}

/** The activities that say how good an answer is. */
export function createEvaluationActivities({ readText, profiles }: EvaluationPorts): EvaluationActivities {
  return {
    evaluateAnswer: async ({ answer, checks }) => ({ verdicts: await evaluate(await readText(answer), checks) }),
    recordQuality: ({ provider, model, task = ANY_TASK, quality }) => {
      profiles.learn({ provider, model, task, ok: true, quality });
      return Promise.resolve();
    },
  };
}
