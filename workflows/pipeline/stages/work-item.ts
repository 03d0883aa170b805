import type { Check, StageDefinition } from '../../../contracts/definition';
import { evaluateBoolean, prepareCommand, renderTemplate } from '../../../contracts/expressions';
import type { CheckResult } from '../../../contracts/activities';
import type { StageKey } from '../../../contracts/ids';
import type { Json } from '../../../contracts/json';
import type { Workspace } from '../../../contracts/run';
import { fault } from '../fault';
import type { StageProduct } from '../run-events';
import type { RunContext } from '../run-context';

/** One attempt at one stage or matrix cell. */
export interface Work<S extends StageDefinition = StageDefinition> {
  readonly run: RunContext;
  readonly key: StageKey;
  readonly stage: S;
}

/** Unique for this attempt and known to all its retries: what makes every effect of the stage happen once. */
export function executionId({ run, key }: Work, what = 'run'): string {
  const { turn, attempt } = run.record(key);
  return `${key}#${turn}.${attempt}/${what}`;
}

/** The id of an undo of this turn. */
export function undoId({ run, key }: Work, what: string): string {
  return `${key}#${run.record(key).turn}/${what}`;
}

/** Hold the stage to its `accept` expression. */
export function accepted(work: Work, accept: string | undefined, product: StageProduct): StageProduct {
  if (accept === undefined) return product;
  const output: Json = product.output ?? null;
  if (evaluateBoolean(accept, work.run.scope(work.key, { output }))) return product;
  throw fault('Stage.Rejected', `accept is false: ${accept}`, { inline: JSON.stringify(output, null, 2) });
}

/** Look at what a stage must leave behind. */
export async function holdCheck(work: Work, check: Check, workspace: Workspace | undefined): Promise<CheckResult> {
  const { run, key } = work;
  const scope = run.scope(key);
  const looksAt = check.http === undefined ? 'command' : renderTemplate(check.http, scope);
  const { awaitCheck } = run.activities(`${key}: check ${looksAt}`, {
    startToCloseTimeout: check.withinMs + check.forMs + MARGIN_MS,
  });
  return awaitCheck({
    run: run.input.run,
    executionId: executionId(work, 'check'),
    ...(check.http === undefined ? {} : { http: looksAt }),
    ...(check.contains === undefined ? {} : { contains: renderTemplate(check.contains, scope) }),
    ...(check.run === undefined ? {} : { command: prepareCommand(check.run, scope, { env: {}, secrets: [] }) }),
    ...(workspace === undefined ? {} : { workspace }),
    forMs: check.forMs,
    everyMs: check.everyMs,
    withinMs: check.withinMs,
  });
}

/** Activities end themselves at the stage's timeout; Temporal's own limit stands behind it. */
export const MARGIN_MS = 30_000;
