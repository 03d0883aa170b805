/** What the sessions of one pool are at, over all hosts. Times are milliseconds. */
export interface PoolLoad {
  readonly idle: number;
  /** For how long each of the busy ones has been at its turn. */
  readonly busyForMs: readonly number[];
  /** How long a turn usually takes; absent before the first has ended. */
  readonly turnMs?: number;
  /** The pool takes no prompts for this long. */
  readonly closedForMs?: number;
}

/** A turn that takes longer than usual is taken to end within this part of a usual one more. */
const OVERDUE = 0.25;

/**
 * About how long until the prompt at a place (1 is next) gets a session, if turns take as long as they usually do and
 * nobody more urgent comes. Undefined where nobody can tell: no session, or no turn has ended yet.
 */
export function estimateWait(
  place: number,
  { idle, busyForMs, turnMs, closedForMs = 0 }: PoolLoad,
): number | undefined {
  if (place <= idle) return closedForMs;
  if (turnMs === undefined || idle + busyForMs.length === 0) return undefined;
  const left = busyForMs.map((ms) => Math.max(turnMs - ms, turnMs * OVERDUE));
  const free = [...Array.from({ length: idle }, () => 0), ...left].sort((a, b) => a - b);
  // Whoever is before takes the session that is free first, and has it for a turn.
  for (let before = 1; before < place; before += 1) insert(free, free.shift()! + turnMs);
  return Math.round(free[0]! + closedForMs);
}

function insert(sorted: number[], value: number): void {
  const at = sorted.findIndex((one) => one > value);
  sorted.splice(at < 0 ? sorted.length : at, 0, value);
}
