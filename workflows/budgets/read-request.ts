import { BUDGET_WINDOWS, type BudgetAccountName, type BudgetLimit, type BudgetWindow } from '../../contracts/budgets';
import { isMoney, isName, isPlainName, isRecord } from './read-entry';

/** Accounts that a configuration may limit. */
export const DECLARED = 300;

/** What is wrong with a declaration; undefined: nothing. */
export function faultInDeclaration(sent: unknown): string | undefined {
  if (!isRecord(sent)) return 'A declaration is an object.';
  const { alertAt, accounts } = sent;
  if (typeof alertAt !== 'number' || !(alertAt > 0 && alertAt <= 100)) return '"alertAt" is more than 0, 100 at most.';
  if (!Array.isArray(accounts) || accounts.length > DECLARED) return `"accounts" is a list of ${DECLARED} at most.`;
  const keys = new Set<string>();
  for (const account of accounts as readonly unknown[]) {
    const fault = faultInAccount(account) ?? (isRecord(account) ? faultInLimits(account['limits']) : undefined);
    if (fault !== undefined) return fault;
    const key = JSON.stringify(account, ['level', 'team', 'job']);
    if (keys.has(key)) return `The account ${key} is declared twice.`;
    keys.add(key);
  }
  return undefined;
}

/** What is wrong with a limit set by hand; undefined: nothing. */
export function faultInSetting(sent: unknown): string | undefined {
  if (!isRecord(sent)) return 'A setting is an object.';
  const { account, window, limitNano, who, comment } = sent;
  if (!isName(who)) return 'A request needs a name: set "who".';
  if (comment !== undefined && (typeof comment !== 'string' || comment.length > 500)) {
    return '"comment" is a text of 500 characters at most.';
  }
  if (!isWindow(window)) return WINDOW_RULE;
  if (limitNano !== undefined && !isMoney(limitNano)) return LIMIT_RULE;
  return faultInAccount(account);
}

function faultInAccount(sent: unknown): string | undefined {
  const rule = 'An account is {"level": "org"}, {"level": "team", "team"} or {"level": "job", "team", "job"}.';
  return isAccount(sent) ? undefined : rule;
}

function isAccount(sent: unknown): sent is BudgetAccountName {
  if (!isRecord(sent)) return false;
  const { level, team, job } = sent;
  if (level === 'org') return team === undefined && job === undefined;
  if (level === 'team') return isPlainName(team) && job === undefined;
  return level === 'job' && isPlainName(team) && isPlainName(job);
}

const WINDOW_RULE = `A window is one of ${BUDGET_WINDOWS.join(', ')}.`;
const LIMIT_RULE = 'A limit is a whole number of nano-dollars, 0 or more.';

function faultInLimits(sent: unknown): string | undefined {
  if (!Array.isArray(sent)) return '"limits" is a list.';
  const limits = sent as readonly Partial<BudgetLimit>[];
  if (limits.some((limit) => !isRecord(limit) || !isWindow(limit.window))) return WINDOW_RULE;
  if (limits.some(({ limitNano }) => !isMoney(limitNano))) return LIMIT_RULE;
  const windows = limits.map(({ window }) => window);
  return new Set(windows).size < windows.length ? 'An account has at most one limit for each window.' : undefined;
}

function isWindow(value: unknown): value is BudgetWindow {
  return BUDGET_WINDOWS.some((window) => window === value);
}
