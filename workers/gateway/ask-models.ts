import { LedgerUnavailable } from '../../activities/models/client/ports';
import {
  CallFailed,
  NobodyAvailable,
  type Answered,
  type Attempt,
  type AttemptRequest,
} from '../../activities/models/client/model-client';
import { isErrorOf } from '../../activities/failure';
import { findProvider } from '../../activities/providers/find-provider';
import type { ModelProvider, WireCall } from '../../activities/providers/model-provider';
import { scopeOfProject } from '../../contracts/config/scope-of-project';
import type { RankedCandidate } from '../../contracts/models';
import type { Asked, Course } from './asked';
import { ledgerAway, nobodyLeft, outOfTime, requestRefused } from './failures';
import { inWordsForClients } from './in-words-for-clients';
import type { GatewayPorts } from './ports';

export interface Turn {
  readonly provider: ModelProvider;
  readonly call: WireCall;
  readonly candidate: RankedCandidate;
}

/**
 * Ask one candidate after the other, each once, until one answers or the time is over. `course` tells how it went,
 * also where this fails. Fails: ApiError, CallFailed where the answer had begun, the reason of the client's own abort.
 */
export async function askModels<T>(
  ports: GatewayPorts,
  asked: Asked,
  course: Course,
  options: {
    readonly call: (turn: Turn) => Promise<Answered<T>>;
    /** The client has seen a part of an answer: nobody else may answer now. */
    readonly committed: () => boolean;
  },
): Promise<Attempt<T>> {
  const { caller, project } = asked;
  const { team, job } = caller;
  const given = { ...(team !== undefined && { team }), ...(job !== undefined && { job }) };
  const scope = scopeOfProject(ports.config.budgets, project, given);
  const purse = ports.purseOf(scope);
  const deadline = asked.since + ports.limits.totalMs;
  let last: CallFailed | undefined;
  for (;;) {
    const timeoutMs = deadline - Date.now();
    if (timeoutMs <= 0) throw outOfTime(ports.limits.totalMs, course.trials);
    try {
      const attempt = await ports.models.attempt<T>(
        requestOf(asked, course, { team: scope.team, purse, timeoutMs }),
        ({ ranked }) => timed(ports, options.call, takeTurn(ports, asked, course, ranked, timeoutMs)),
      );
      return note(course, attempt);
    } catch (error) {
      if (!(error instanceof CallFailed)) throw translate(error, ports, course, last);
      last = inWordsForClients(error);
      course.route = last.route;
      // Nobody is asked twice for one answer: who failed is out.
      course.trials.push({ ...last.trial, final: true });
      if (options.committed()) throw last;
      if (!last.failover) throw requestRefused(last);
    }
  }
}

function requestOf(
  { id, caller, model, task, project, inputTokens, maxOutputTokens, signal }: Asked,
  { trials, calls }: Course,
  { team, purse, timeoutMs }: Pick<AttemptRequest, 'team' | 'purse' | 'timeoutMs'>,
): AttemptRequest {
  const attemptId = `${id}#${calls + 1}`;
  const allowed = caller.models;
  return {
    id,
    attemptId,
    model,
    task,
    project,
    team,
    inputTokens,
    maxOutputTokens,
    trials,
    allowed,
    purse,
    timeoutMs,
    signal,
  };
}

function takeTurn(
  ports: GatewayPorts,
  { signal }: Asked,
  course: Course,
  candidate: RankedCandidate,
  totalMs: number,
): Turn {
  const provider = findProvider(ports.providers, candidate.provider);
  course.calls += 1;
  course.candidate = { provider: candidate.provider, model: candidate.model };
  const { firstEventMs, idleMs } = ports.limits;
  const timeouts = { totalMs, firstEventMs, idleMs };
  return { provider, candidate, call: { model: candidate.model, timeouts, signal } };
}

async function timed<T>({ latencies }: GatewayPorts, call: (turn: Turn) => Promise<T>, turn: Turn): Promise<T> {
  const since = Date.now();
  const answered = await call(turn);
  const now = Date.now();
  latencies.set(turn.candidate.provider, { ms: now - since, at: now });
  return answered;
}

function note<T>(course: Course, attempt: Attempt<T>): Attempt<T> {
  course.route = attempt.route;
  course.model = attempt.model;
  course.usage = attempt.usage;
  if (attempt.costNano !== undefined) course.costNano = attempt.costNano;
  if (attempt.overBudget !== undefined) course.overBudget = attempt.overBudget;
  return attempt;
}

function translate(error: unknown, ports: GatewayPorts, course: Course, last: CallFailed | undefined): unknown {
  if (error instanceof LedgerUnavailable || isErrorOf(error, 'Budget.Unavailable')) return ledgerAway(error);
  if (!(error instanceof NobodyAvailable)) return error;
  course.route = error.route;
  return nobodyLeft(error, { trials: course.trials, last }, ports.config);
}
