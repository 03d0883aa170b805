import { EXIT } from '../../contracts/errors';
import { FailedError, ServiceError } from '../faults';

/** What a program of ours that ended by itself means for the command that started it. Fails: FailedError, ServiceError. */
export function programEnded(what: 'worker' | 'gateway', code: number | null): void {
  if (code === 0) return;
  const hint = 'What it said above has the reason.';
  if (code === EXIT.unreachable.code) throw new ServiceError(`The ${what} reached no Temporal server.`, hint);
  throw new FailedError(`The ${what} ended with ${code ?? 'a signal'}.`, hint);
}
