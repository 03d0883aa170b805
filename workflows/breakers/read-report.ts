import type { ErrorType } from '../../contracts/errors';
import type { FailureKind, ProviderFailure, ProviderReport } from '../../contracts/breakers';

const KINDS: readonly FailureKind[] = ['transient', 'limit', 'permanent'];

const LONGEST_ID = 200;
/** Providers quote whole web pages; the memo and the Web UI get their beginning. */
const LONGEST_MESSAGE = 300;

/** A report as it should be, or undefined for what somebody sent that is none: a signal may come from anywhere. */
export function readReport(sent: unknown): ProviderReport | undefined {
  if (!isRecord(sent)) return undefined;
  const { id, at, outcome, generation } = sent;
  if (typeof id !== 'string' || id === '' || id.length > LONGEST_ID || !isNumber(at)) return undefined;
  if (generation !== undefined && !isNumber(generation)) return undefined;
  const read = outcome === 'success' || outcome === 'abandoned' ? outcome : readFailure(outcome);
  return read && { id, at, outcome: read, ...(generation !== undefined && { generation }) };
}

function readFailure(sent: unknown): ProviderFailure | undefined {
  if (!isRecord(sent)) return undefined;
  const { type, message, resetsAt } = sent;
  const failure = KINDS.find((kind) => kind === sent['failure']);
  if (failure === undefined || typeof type !== 'string' || typeof message !== 'string') return undefined;
  return {
    failure,
    type: type.slice(0, LONGEST_MESSAGE) as ErrorType,
    message: message.slice(0, LONGEST_MESSAGE),
    ...(isNumber(resetsAt) && { resetsAt }),
  };
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

function isNumber(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}
