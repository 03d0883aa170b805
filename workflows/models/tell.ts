import type { AuditKind } from '../../contracts/run';
import { candidateKey, type CallModelResult, type ModelFailure, type PolicyFinding } from '../../contracts/models';
import { formatMoney } from '../../contracts/money';
import type { FailedCall } from './next-call';

/** A line of what came of a question, for the audit trail of whoever asks. */
export interface ModelLine {
  readonly what: Extract<
    AuditKind,
    'model.routed' | 'model.failed' | 'model.waits' | 'model.lost' | 'policy.found' | 'budget.local'
  >;
  readonly text: string;
}

/** What an answered call decided on its way. */
export function linesOfAnswer({ route, provider, model, lost }: CallModelResult): ModelLine[] {
  const before: ModelLine[] =
    lost === undefined
      ? []
      : [{ what: 'model.lost', text: `A call was lost with its worker, and made again.${counted(lost)}` }];
  return [...before, ...decisions({ provider, model }, route, route.findings)];
}

/** What a call decided that failed, and how it did. Where nobody was asked, what comes next says why. */
export function linesOfFailure({ type, message, told }: FailedCall): ModelLine[] {
  if (told === undefined) return [{ what: 'model.failed', text: `${type}: ${message}` }];
  const asked = told.trial ?? told.answer;
  if (asked === undefined) return told.findings.map(foundLine);
  const { by = 'unknown', reasons = [] } = told;
  return [
    ...decisions(asked, { ...told, by, reasons }, told.findings),
    { what: 'model.failed', text: `${candidateKey(asked)}: ${type}: ${message}${counted(told)}` },
  ];
}

type Chosen = Pick<ModelFailure, 'experiment' | 'overBudget'> & {
  readonly by: string;
  readonly reasons: readonly string[];
};

function decisions(
  asked: { readonly provider: string; readonly model: string },
  { by, reasons, experiment, overBudget }: Chosen,
  findings: readonly PolicyFinding[],
): ModelLine[] {
  const arm = experiment === undefined ? '' : `, ${experiment.name}/${experiment.arm}`;
  const because = reasons.length === 0 ? '' : `: ${reasons.join(', ')}`;
  return [
    ...(overBudget === undefined ? [] : [{ what: 'budget.local', text: overBudget } as const]),
    ...findings.map(foundLine),
    { what: 'model.routed', text: `${candidateKey(asked)} by ${by}${arm}${because}` },
  ];
}

/** What the budget counts for a call of which nobody heard what it cost. */
function counted({ countedNano = 0 }: Pick<ModelFailure, 'countedNano'>): string {
  return countedNano === 0 ? '' : ` Nobody knows what it cost: ${formatMoney(countedNano)} counts as spent.`;
}

function foundLine(finding: PolicyFinding): ModelLine {
  const { mode, policy, message } = finding;
  return { what: 'policy.found', text: `${mode} ${policy}: ${candidateKey(finding)}: ${message}` };
}
