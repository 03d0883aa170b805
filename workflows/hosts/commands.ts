import {
  ActivityFailure,
  ApplicationFailure,
  TimeoutFailure,
  condition,
  proxyActivities,
  setHandler,
} from '@temporalio/workflow';
import type { SessionActivities } from '../../contracts/activities';
import { formatDuration } from '../../contracts/duration';
import { REFUSED, controlSessionsUpdate, hostLogQuery, type HostLogEntry } from '../../contracts/messages';
import type { ControlInput, ControlResult } from '../../contracts/sessions';
import type { HostContext } from './host-context';
import { faultOf, readCommand } from './read-command';

/** Temporal answers no update in time while more than ten wait. */
const MOST_AT_WORK = 8;
/** Ending the agents of many sessions, each with all its processes, takes its time. */
const DONE_WITHIN_MS = 5 * 60_000;

type CommandAnswer = NonNullable<HostLogEntry['answer']>;

export function listen(context: HostContext): void {
  setHandler(hostLogQuery, () => context.log, { description: 'The commands given so far, and what came of them' });
  setHandler(controlSessionsUpdate, (sent) => control(context, readCommand(sent)), {
    description:
      'start, stop, restart, reserve, unreserve, drain or undrain sessions; ' +
      'send {"who": "your name", "action": "stop", "targets": ["codex-1"]}',
    validator: (sent: unknown) => {
      const fault = faultOf(sent);
      if (fault !== undefined) refuse(fault);
      const { atWork, input, ended } = context;
      if (ended !== undefined) refuse(`Host ${input.host} is leaving.`);
      if (atWork >= MOST_AT_WORK) refuse(`Host ${input.host} has ${atWork} commands to answer. Try again then.`);
    },
  });
}

/** Hand a command to the host. Whoever gave it hears in time, even when the host takes longer. */
async function control(context: HostContext, command: ControlInput): Promise<ControlResult> {
  const given: { answer?: CommandAnswer } = {};
  const settle = context.begin(command);
  void hand(context, command).then((answer) => {
    given.answer = answer;
    settle(answer);
  });
  const { answerMs } = context.limits;
  await condition(() => given.answer !== undefined, answerMs, { summary: 'how long a person waits for the answer' });
  const { answer } = given;
  if (answer === undefined) return { done: [], refused: [stillAtIt(context)] };
  if ('failure' in answer) refuse(answer.failure);
  return answer;
}

async function hand({ input, limits }: HostContext, command: ControlInput): Promise<CommandAnswer> {
  const { controlSessions } = proxyActivities<Pick<SessionActivities, 'controlSessions'>>({
    taskQueue: input.taskQueue,
    scheduleToStartTimeout: limits.takenMs,
    startToCloseTimeout: DONE_WITHIN_MS,
    // A person is told, and decides: what was half done, like a restart, is not done twice behind their back.
    retry: { maximumAttempts: 1 },
    summary: `${command.action} ${command.targets.join(' ')} (${command.who})`.slice(0, 200),
  });
  try {
    return await controlSessions(command);
  } catch (error) {
    return { failure: sentenceOf(error, input.host, limits.takenMs) };
  }
}

function sentenceOf(error: unknown, host: string, takenMs: number): string {
  const cause = error instanceof ActivityFailure ? error.cause : undefined;
  if (cause instanceof TimeoutFailure) {
    return cause.timeoutType === 'SCHEDULE_TO_START'
      ? `Host ${host} has not answered for ${formatDuration(takenMs)}. Nothing was done. Is "gantry host" running there?`
      : `Host ${host} took the command and was lost before it was done. "gantry sessions" shows how it stands.`;
  }
  return `Host ${host} could not do it: ${cause?.message ?? String(error)}`;
}

function stillAtIt({ input, limits }: HostContext): string {
  const waited = formatDuration(limits.answerMs);
  return `Host ${input.host} is still at it after ${waited}. "gantry sessions" shows how it stands.`;
}

function refuse(reason: string): never {
  throw ApplicationFailure.create({ type: REFUSED, message: reason, nonRetryable: true });
}
