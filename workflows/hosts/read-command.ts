import { SESSION_ACTIONS, type ControlInput } from '../../contracts/sessions';

/** A session, or a pool, of a host. */
const TARGET_PATTERN = /^[a-z][a-z0-9_-]{0,59}$/;
const MOST_TARGETS = 100;
const LONGEST_WHO = 100;

/** Why this is no command, in a sentence; undefined when it is one. */
export function faultOf(sent: unknown): string | undefined {
  if (typeof sent !== 'object' || sent === null) return 'A command is an object: {"who", "action", "targets"}.';
  const { who, action, targets, pool, force } = sent as Partial<Record<keyof ControlInput, unknown>>;
  if (typeof who !== 'string' || who.trim() === '') return 'A command needs a name: set "who".';
  if (who.length > LONGEST_WHO) return `A name has at most ${LONGEST_WHO} characters.`;
  if (!SESSION_ACTIONS.some((one) => one === action)) {
    return `No action ${JSON.stringify(action)}. Actions: ${SESSION_ACTIONS.join(', ')}.`;
  }
  if (!Array.isArray(targets)) return '"targets" is a list of sessions and pools; an empty one means all of the host.';
  if (targets.length > MOST_TARGETS) return `A command names at most ${MOST_TARGETS} sessions and pools.`;
  const odd = targets.filter((target) => !isTarget(target));
  if (odd.length > 0) return `${JSON.stringify(odd[0])} is no name of a session or pool.`;
  if (pool !== undefined && action !== 'reserve') return `Only reserve takes a pool, ${String(action)} does not.`;
  if (pool !== undefined && !isTarget(pool)) return `${JSON.stringify(pool)} is no name of a pool.`;
  if (force !== undefined && typeof force !== 'boolean') return '"force" is true or false.';
  return undefined;
}

/** What of a command counts, and nothing else that was sent with it. */
export function readCommand({ who, action, targets, pool, force }: ControlInput): ControlInput {
  return {
    who,
    action,
    targets: [...targets],
    ...(pool !== undefined && { pool }),
    ...(force !== undefined && { force }),
  };
}

function isTarget(value: unknown): boolean {
  return typeof value === 'string' && TARGET_PATTERN.test(value);
}
