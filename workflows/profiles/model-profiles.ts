import {
  allHandlersFinished,
  condition,
  continueAsNew,
  log,
  setCurrentDetails,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import { learnSignal, profilesQuery, type LearnedProfile, type ProfilesInput } from '../../contracts/profiles';
import { detailsOf } from './details';
import { DEFAULT_LIMITS, learnFrom, profileOf } from './learn';
import { readSamples } from './read-samples';

/**
 * What an organisation's workers have learned of models. The name is wire format: renaming it breaks open ones.
 *
 * It listens, answers, and never ends: what was learned is good for the next run, whenever that is.
 */
export async function modelProfiles(input: ProfilesInput): Promise<void> {
  const limits = { ...DEFAULT_LIMITS, ...input.limits };
  let profiles: readonly LearnedProfile[] = input.carried ?? [];
  const show = (): void => setCurrentDetails(detailsOf(input.organisation, profiles));
  setHandler(profilesQuery, () => profiles.map(profileOf), { description: 'What was learned of each model, by task' });
  setHandler(
    learnSignal,
    (sent: unknown) => {
      const samples = readSamples(sent);
      if (samples.length === 0) return log.warn('samples that are none were passed over');
      profiles = learnFrom(profiles, samples, Date.now(), limits);
      show();
    },
    { description: 'how some calls went; workers send it' },
  );
  show();
  await condition(() => isLong(limits.historyEvents) && allHandlersFinished());
  return continueAsNew<typeof modelProfiles>({ ...input, carried: profiles });
}

function isLong(historyEvents: number): boolean {
  const { historyLength, continueAsNewSuggested } = workflowInfo();
  return continueAsNewSuggested || historyLength >= historyEvents;
}
