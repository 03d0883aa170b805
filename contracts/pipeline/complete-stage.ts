import type {
  AgentStage,
  Check,
  Contract,
  GatePolicy,
  OnFailure,
  RetryPolicy,
  StageDefinition,
  StageKind,
} from '../definition';
import type { PipelineFile, StageFile } from '../schemas/pipeline';
import { completeEvaluations } from './complete-evaluation';
import { given } from './given';

const MINUTE = 60_000;
/** How long a stage may take unless it says so. A gate waits for people: 0 is without limit. */
const TIMEOUT_MS: Record<StageKind, number> = {
  run: 30 * MINUTE,
  prompt: 10 * MINUTE,
  agent: 60 * MINUTE,
  gate: 0,
  merge: 5 * MINUTE,
  service: 5 * MINUTE,
  check: MINUTE,
  pipeline: 24 * 60 * MINUTE,
};

/** Stages that can be tried again by themselves: what they did is found, or does no harm twice. */
const TRIED_AGAIN: readonly StageKind[] = ['prompt', 'agent', 'merge', 'service'];
const TIMED_BY_DEFAULTS: readonly StageKind[] = ['run', ...TRIED_AGAIN];

export type Defaults = PipelineFile['defaults'];

/** A checked stage with all defaults filled in. */
export function completeStage(
  id: string,
  stage: StageFile,
  kind: StageKind,
  defaults: Defaults,
  workspace: StageDefinition['workspace'],
): StageDefinition {
  const check = stage.check === undefined ? undefined : completeCheck(stage.check);
  const common = {
    id,
    ...given({ description: stage.description, when: stage.when, matrix: stage.matrix }),
    needs: [...new Set(stage.needs)],
    timeoutMs: timeoutOf(stage, kind, defaults, check),
    retry: completeRetry(stage, kind, defaults),
    onFailure: completeOnFailure(stage['on-failure']),
    workspace,
  };
  const producing = given({ output: stage.output, accept: stage.accept });
  const command = { env: stage.env ?? {}, secrets: stage.secrets ?? [] };
  switch (kind) {
    case 'run':
      return { ...common, ...producing, kind, run: stage.run ?? '', ...given({ undo: stage.undo, check }), ...command };
    case 'prompt': {
      const model = stage.model ?? defaults.model;
      const evaluate = stage.evaluate === undefined ? undefined : completeEvaluations(stage.evaluate);
      const asked = given({ system: stage.system, task: stage.task, model, evaluate });
      return { ...common, ...producing, kind, prompt: stage.prompt ?? '', ...asked, attach: stage.attach ?? [] };
    }
    case 'agent':
      return { ...common, ...producing, kind, ...completeAgent(stage, defaults), ...command };
    case 'gate':
      return { ...common, kind, gate: completeGate(stage.gate) };
    case 'merge':
      return { ...common, kind, ...given({ into: stage.merge?.into, message: stage.merge?.message, check }) };
    case 'service': {
      const { name = id, run = '', port } = stage.service ?? {};
      return { ...common, kind, name, run, ...given({ port, check }), ...command };
    }
    case 'check':
      return { ...common, kind, check: completeCheck(stage.check) };
    case 'pipeline':
      return { ...common, ...producing, kind, pipeline: stage.pipeline ?? '', with: stage.with ?? {} };
  }
}

/** How long a check may take until it is decided. */
export function checkDurationMs(check: Check): number {
  return check.withinMs + check.forMs;
}

export function completeCheck(check: StageFile['check']): Check {
  return {
    ...given({ http: check?.http, contains: check?.contains, run: check?.run }),
    forMs: check?.for ?? 0,
    everyMs: check?.every ?? 1_000,
    withinMs: check?.within ?? MINUTE,
  };
}

function timeoutOf(stage: StageFile, kind: StageKind, defaults: Defaults, check: Check | undefined): number {
  if (stage.timeout !== undefined) return stage.timeout;
  const own = TIMED_BY_DEFAULTS.includes(kind) ? defaults.timeout : undefined;
  return (own ?? TIMEOUT_MS[kind]) + (check === undefined ? 0 : checkDurationMs(check));
}

function completeRetry(stage: StageFile, kind: StageKind, defaults: Defaults): RetryPolicy {
  const again = TRIED_AGAIN.includes(kind);
  const byDefault = again ? defaults.retry : undefined;
  return {
    attempts: stage.retry?.attempts ?? byDefault?.attempts ?? (again ? 3 : 1),
    delayMs: stage.retry?.delay ?? byDefault?.delay ?? 1_000,
  };
}

function completeOnFailure(onFailure: StageFile['on-failure']): OnFailure {
  if (onFailure === undefined) return { action: 'fail' };
  if (typeof onFailure === 'string') return { action: onFailure };
  return { action: 'fix', stages: [...new Set(onFailure.fix)], attempts: onFailure.attempts, then: onFailure.then };
}

function completeAgent(stage: StageFile, defaults: Defaults) {
  const backend = stage.backend ?? defaults.backend;
  return {
    pools: poolsOf(stage, defaults),
    waitMs: stage.wait ?? defaults.wait ?? 2 * MINUTE,
    stuckMs: stage['stuck-after'] ?? defaults['stuck-after'] ?? 15 * MINUTE,
    conversation: stage.conversation ?? defaults.conversation ?? 'fresh',
    questions: completeGate({ deadline: 30 * MINUTE, ...stage.questions }),
    prompt: stage.prompt ?? '',
    ...given({ backend, task: stage.task, model: stage.model }),
    attach: stage.attach ?? [],
    contract: completeContract(stage.contract),
  } satisfies Partial<AgentStage>;
}

/** The pool, or the agent's own, comes first; without either the chain says all. */
export function poolsOf(stage: StageFile, defaults: Defaults): readonly string[] {
  const first = stage.pool ?? stage.agent ?? (stage.chain === undefined ? defaults.agent : undefined);
  const chain = stage.chain ?? defaults.chain ?? [];
  return [...new Set([...(first === undefined ? [] : [first]), ...chain])];
}

function completeContract(contract: StageFile['contract']): Contract {
  return {
    ...commitRange(contract?.commits),
    ...given({ run: contract?.run }),
    files: contract?.files ?? [],
    clean: contract?.clean ?? false,
  };
}

/** `2` is exactly two, `1..` one or more, `1..3` one to three. */
export function commitRange(text: string | undefined): { minCommits?: number; maxCommits?: number } {
  if (text === undefined) return {};
  const [min = '', max] = text.split('..');
  if (max === undefined) return { minCommits: Number(min), maxCommits: Number(min) };
  return { minCommits: Number(min), ...(max === '' ? {} : { maxCommits: Number(max) }) };
}

function completeGate(gate: Partial<NonNullable<StageFile['gate']>> | undefined): GatePolicy {
  const escalate = gate?.escalate === undefined ? undefined : { afterMs: gate.escalate.after, to: gate.escalate.to };
  return {
    ...given({ message: gate?.message, deadlineMs: gate?.deadline, remindMs: gate?.remind, escalate }),
    approvers: gate?.approvers ?? ['*'],
    min: gate?.min ?? 1,
    onTimeout: gate?.['on-timeout'] ?? 'reject',
    openIn: gate?.['open-in'] ?? [],
  };
}
