import { createContext, Script } from 'node:vm';

/** A pattern that backtracks without end must not stop the worker. */
const MATCH_MS = 1_000;

const MATCH = new Script('new RegExp(pattern, "mu").test(text)');

/** Whether a regular expression finds something in a text; `^` and `$` are ends of lines. Fails: PatternTooSlow. */
export function matches(pattern: string, text: string): boolean {
  try {
    return MATCH.runInContext(createContext({ pattern, text }), { timeout: MATCH_MS }) === true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_SCRIPT_EXECUTION_TIMEOUT') throw error;
    throw new PatternTooSlow(`/${pattern}/ did not come to an end within ${MATCH_MS / 1_000} s on this answer`);
  }
}

export class PatternTooSlow extends Error {
  override readonly name = 'PatternTooSlow';
}
