import { candidateKey } from '../../contracts/models';
import type { Asked, Course } from './asked';
import type { Counted } from './metrics';
import type { GatewayPorts } from './ports';

/** A request is over: its line in the audit, its part of the metrics. Never fails. */
export function keepCount(ports: GatewayPorts, asked: Asked, course: Course, status: number): void {
  const ms = Date.now() - asked.since;
  ports.metrics.count(countedOf(asked, course, status, ms));
  ports.audit.write(lineOf(asked, course, status, ms));
  ports.log.debug({ id: asked.id, status, ms, candidate: course.candidate }, 'served');
}

function countedOf(asked: Asked, course: Course, status: number, ms: number): Counted {
  const { candidate, usage, costNano, trials, route, firstEventMs, error } = course;
  return {
    operation: asked.operation,
    status,
    seconds: ms / 1000,
    provider: candidate?.provider,
    model: candidate?.model,
    error,
    firstChunkSeconds: firstEventMs === undefined ? undefined : firstEventMs / 1000,
    inputTokens: usage?.input,
    outputTokens: usage?.output,
    costNano,
    failures: trials.map(({ provider, lastType }) => ({ provider, type: lastType })),
    refusals: (route?.rejected ?? []).filter(({ kind }) => kind !== 'tried'),
  };
}

/** No word of what was asked or answered: messages of providers quote it, so only types of failures are kept. */
function lineOf(asked: Asked, course: Course, status: number, ms: number): object {
  const { caller, id, clientId, operation, model, task, project, stream, since } = asked;
  const { candidate, route, usage, costNano, trials, calls, firstEventMs, overBudget, error } = course;
  return {
    time: new Date(since).toISOString(),
    id,
    clientId,
    operation,
    key: caller.name,
    team: caller.team,
    job: caller.job,
    project,
    task,
    asked: model,
    stream,
    by: route?.by,
    experiment: route?.experiment,
    candidate: candidate && candidateKey(candidate),
    model: course.model,
    attempts: calls,
    failed: trials.map((trial) => ({ candidate: candidateKey(trial), type: trial.lastType })),
    rejected: route?.rejected.map((one) => ({ candidate: candidateKey(one), kind: one.kind })) ?? [],
    findings:
      route?.findings.map((one) => ({ candidate: candidateKey(one), policy: one.policy, mode: one.mode })) ?? [],
    overBudget,
    inputTokens: usage?.input,
    outputTokens: usage?.output,
    costNano,
    status,
    error,
    ms,
    firstEventMs,
  };
}
