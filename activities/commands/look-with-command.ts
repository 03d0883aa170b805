import { tailOf } from '../../contracts/text';
import type { Attempt } from '../heartbeat';
import type { Host } from '../host';
import { execute, forget, type Order } from './execute';
import type { Look } from './look-at-url';

const LAST_LINE_LIMIT = 200;

/** Holds when the command ends with exit code 0. */
export async function lookWithCommand(host: Host, order: Order, attempt: Attempt): Promise<Look> {
  const { exitCode, timedOut, log } = await execute(host, order, attempt);
  await forget(order.dir);
  const lastLine = tailOf(log).trimEnd().split('\n').at(-1)!.slice(0, LAST_LINE_LIMIT);
  const end = timedOut ? `no end within ${order.timeoutMs} ms` : `exit code ${exitCode}`;
  return { holds: exitCode === 0 && !timedOut, saw: lastLine === '' ? end : `${end}: ${lastLine}`, evidence: log };
}
