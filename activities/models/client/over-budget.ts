import type { LedgerAnswer, LedgerEntry, Refusal } from '../../../contracts/budgets';
import { formatMoney } from '../../../contracts/money';
import { failure } from '../../failure';
import { OverBudget } from './model-client';
import { LedgerUnavailable, type LedgerPort } from './ports';

/** Book something that must not be spent without. Fails: Budget.Unavailable. */
export async function bookOrStop(
  ledger: LedgerPort,
  entries: readonly LedgerEntry[],
): Promise<readonly LedgerAnswer[]> {
  try {
    return await ledger.book(entries);
  } catch (error) {
    if (!(error instanceof LedgerUnavailable)) throw error;
    throw failure('Budget.Unavailable', `${error.message} Nothing is spent without it.`);
  }
}

/** What was granted. Fails: {@link OverBudget} with the words of the refusal; Budget.Unavailable for nonsense. */
export function grantOf(answer: LedgerAnswer | undefined): number {
  switch (answer?.outcome) {
    case 'held':
      return answer.grantedNano;
    case 'refused':
      throw new OverBudget(sentenceOf(answer), answer.retryAt);
    default:
      throw failure('Budget.Unavailable', answer?.outcome === 'invalid' ? answer.message : 'No money was held.');
  }
}

const LEVELS = { org: 'organisation', team: 'team', job: 'job', run: 'run' } as const;
const WINDOWS = { day: 'today', week: 'this week', month: 'this month', total: 'in all' } as const;

/** `The team platform may spend $5.00 today: $4.90 is spent, $0.0500 is held, and $0.2000 is asked. …` */
export function sentenceOf(refusal: Refusal): string {
  const { level, account, window, limitNano, settledNano, heldNano, askedNano } = refusal;
  const may = `The ${LEVELS[level]} ${account} may spend ${formatMoney(limitNano)} ${WINDOWS[window]}`;
  const is = `${formatMoney(settledNano)} is spent, ${formatMoney(heldNano)} is held, ${formatMoney(askedNano)} is asked`;
  return [`${may}: ${is}.`, ...whatHelps(refusal)].join(' ');
}

/** What else may help than more money, where anything does. */
function whatHelps({ window, limitNano, settledNano, heldNano, askedNano, retryAt }: Refusal): string[] {
  if (askedNano > limitNano) return ['That is more than the limit itself.'];
  const fits = heldNano > 0 && settledNano + askedNano <= limitNano;
  return [
    ...(fits ? ['What is held may come back when the calls it is held for have ended.'] : []),
    ...(retryAt === undefined ? [] : [`It begins anew at ${new Date(retryAt).toISOString()}.`]),
    ...(window === 'total' && !fits ? ['It does not begin anew.'] : []),
  ];
}
