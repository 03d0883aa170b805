import { LONGEST_ID, type BudgetScope, type LedgerEntry, type SliceHolder } from '../../contracts/budgets';

// What is sent to a ledger may come from anywhere: each entry is read, and one that makes no sense spoils no other one.

/** A lease that is shorter is a mistake, and so is one longer than a week. */
export const LEASE_BOUNDS_MS = { shortest: 100, longest: 7 * 86_400_000 } as const;

type Sent = Readonly<Record<string, unknown>>;

/** The entry, or what is wrong with it. */
export function readEntry(sent: unknown): LedgerEntry | string {
  if (!isRecord(sent)) return 'An entry is an object with "op".';
  const { op, id, spentNano, run } = sent;
  if (op === 'close-run') return isName(run) ? { op, run } : wrong('run', run);
  if (!isName(id)) return wrong('id', id);
  switch (op) {
    case 'draw':
      return readDraw(id, sent);
    case 'report':
    case 'settle':
      return isMoney(spentNano) ? { op, id, spentNano } : wrong('spentNano', spentNano);
    case 'release':
      return { op, id };
    case 'charge':
      return readCharge(id, sent);
    default:
      return wrong('op', op);
  }
}

function readDraw(
  id: string,
  { scope, amountNano, atLeastNano, holder, leaseMs, runLimitNano }: Sent,
): LedgerEntry | string {
  const read = readScope(scope);
  if (read === undefined) return wrong('scope', scope);
  const held = readHolder(holder);
  if (held === undefined) return wrong('holder', holder);
  if (!isMoney(amountNano)) return wrong('amountNano', amountNano);
  if (!isMoney(atLeastNano) || atLeastNano > amountNano) return wrong('atLeastNano', atLeastNano);
  if (!isLease(leaseMs)) return wrong('leaseMs', leaseMs);
  const draw = { op: 'draw' as const, id, scope: read, holder: held, amountNano, atLeastNano, leaseMs };
  if (runLimitNano === undefined) return draw;
  return isMoney(runLimitNano) ? { ...draw, runLimitNano } : wrong('runLimitNano', runLimitNano);
}

function readCharge(id: string, { scope, spentNano }: Sent): LedgerEntry | string {
  const read = readScope(scope);
  if (read === undefined) return wrong('scope', scope);
  return isMoney(spentNano) ? { op: 'charge', id, scope: read, spentNano } : wrong('spentNano', spentNano);
}

function readScope(sent: unknown): BudgetScope | undefined {
  if (!isRecord(sent)) return undefined;
  const { team, job, run } = sent;
  if (team !== undefined && !isPlainName(team)) return undefined;
  if (job !== undefined && (!isPlainName(job) || team === undefined)) return undefined;
  if (run !== undefined && !isName(run)) return undefined;
  return { ...(team !== undefined && { team }), ...(job !== undefined && { job }), ...(run !== undefined && { run }) };
}

function readHolder(sent: unknown): SliceHolder | undefined {
  if (!isRecord(sent)) return undefined;
  const { kind, workflowId, name } = sent;
  if (kind === 'workflow') return isName(workflowId) ? { kind, workflowId } : undefined;
  return kind === 'process' && isName(name) ? { kind, name } : undefined;
}

const RULES = {
  op: 'is draw, report, settle, release, charge or close-run',
  id: `is a text of 1 to ${LONGEST_ID} characters`,
  run: `is a text of 1 to ${LONGEST_ID} characters`,
  scope: 'names a team, a job of that team, a run, or nothing; names of teams and jobs hold no slash',
  holder: 'is {"kind": "workflow", "workflowId"} or {"kind": "process", "name"}',
  amountNano: 'is a whole number of nano-dollars, 0 or more',
  atLeastNano: 'is a whole number of nano-dollars, 0 to amountNano',
  spentNano: 'is a whole number of nano-dollars, 0 or more',
  runLimitNano: 'is a whole number of nano-dollars, 0 or more',
  leaseMs: `is ${LEASE_BOUNDS_MS.shortest} to ${LEASE_BOUNDS_MS.longest} milliseconds`,
} as const;

function wrong(key: keyof typeof RULES, value: unknown): string {
  return `"${key}" ${RULES[key]}, not ${(JSON.stringify(value) ?? 'nothing').slice(0, 100)}.`;
}

export function isRecord(value: unknown): value is Sent {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** More than nine million dollars cannot be counted exactly, and is a mistake. */
export function isMoney(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

export function isName(value: unknown): value is string {
  return typeof value === 'string' && value.trim() !== '' && value.length <= LONGEST_ID;
}

export function isPlainName(value: unknown): value is string {
  return isName(value) && !value.includes('/');
}

function isLease(value: unknown): value is number {
  return typeof value === 'number' && value >= LEASE_BOUNDS_MS.shortest && value <= LEASE_BOUNDS_MS.longest; // not NaN
}
