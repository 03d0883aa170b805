import {
  type ActivityFailure,
  TimeoutFailure,
  allHandlersFinished,
  condition,
  continueAsNew,
  isCancellation,
  log,
  proxyActivities,
  sleep,
  workflowInfo,
} from '@temporalio/workflow';
import type { SessionActivities } from '../../contracts/activities';
import type { SessionHostInput, SessionHostResult } from '../../contracts/messages';
import { listen } from './commands';
import { HostContext } from './host-context';

/** The host beats every second; the Web UI and `gantry sessions` read its latest beat. */
const HEARTBEAT_TIMEOUT_MS = 5_000;
/** A host that says it cannot serve is asked again, rarely: each time is some events of the history. */
const ASK_AGAIN_MS = 10_000;

/**
 * Stands for one host while it serves, and for a day after it was last seen. The name is wire format: renaming it
 * breaks open hosts.
 *
 * The story: ask the host to serve, again whenever it is lost, and hand it the commands that people give. Its beats are
 * the heartbeats of that one activity, which leave nothing in the history.
 */
export async function sessionHost(input: SessionHostInput): Promise<SessionHostResult> {
  const context = new HostContext(input);
  listen(context);
  void serve(context);
  await condition(() => context.ended !== undefined || isLong(context));
  await condition(() => allHandlersFinished() && context.atWork === 0);
  return context.ended ?? continueAsNew<typeof sessionHost>({ ...input, log: context.log });
}

/**
 * The server tries the activity again for as long as somebody takes it: an attempt that nobody takes for a day is one
 * of a host that is gone. A host that is back takes the one that waits.
 */
async function serve(context: HostContext): Promise<void> {
  const { host, taskQueue } = context.input;
  const { serveSessions } = proxyActivities<Pick<SessionActivities, 'serveSessions'>>({
    taskQueue,
    heartbeatTimeout: HEARTBEAT_TIMEOUT_MS,
    scheduleToStartTimeout: context.limits.unseenMs,
    startToCloseTimeout: '365 days',
    retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '2s' },
    summary: `the sessions of ${host}`,
  });
  while (context.ended === undefined) {
    try {
      context.end(await serveSessions());
    } catch (error) {
      if (isCancellation(error)) return;
      if (wasNotTaken(error)) return context.end({ left: false });
      log.warn('the host does not serve', { error });
      await sleep(ASK_AGAIN_MS, { summary: 'ask the host to serve again' }).catch(() => undefined);
    }
  }
}

function wasNotTaken(error: unknown): boolean {
  const { cause } = error as ActivityFailure;
  return cause instanceof TimeoutFailure && cause.timeoutType === 'SCHEDULE_TO_START';
}

function isLong({ limits }: HostContext): boolean {
  const { historyLength, continueAsNewSuggested } = workflowInfo();
  return continueAsNewSuggested || historyLength >= limits.historyEvents;
}
