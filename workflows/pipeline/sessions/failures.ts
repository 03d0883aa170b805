import type { ErrorType } from '../../../contracts/errors';

/** The work was cut off: another attempt goes on in the conversation, if it is known and its host is there. */
export const CUT_OFF: ReadonlySet<ErrorType> = new Set<ErrorType>([
  'Agent.Crashed',
  'Agent.Stuck',
  'Host.Lost',
  'Stage.TimedOut',
]);

/** Neither the work nor the prompt is to blame: people may want to try again when the attempts are used up. */
export const OF_THE_SESSION: ReadonlySet<ErrorType> = new Set<ErrorType>([
  'Agent.Crashed',
  'Agent.Stuck',
  'Agent.NotReady',
  'Agent.NotAccepted',
  'Agent.OutcomeUnknown',
  'Host.Lost',
]);

/** The agent's provider turned the prompt away: an agent of another pool has another provider, or another account. */
export const TURNED_AWAY: ReadonlySet<ErrorType> = new Set<ErrorType>([
  'Provider.RateLimited',
  'Provider.Overloaded',
  'Provider.ServerError',
  'Provider.Timeout',
  'Provider.Network',
  'Provider.Quota',
  'Provider.Auth',
]);
