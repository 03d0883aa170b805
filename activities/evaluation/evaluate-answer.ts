import type { AnswerCheck, FenceLanguage, Verdict } from '../../contracts/evaluation';
import { codeFences } from './code-fences';
import { compileError } from './compile';
import { matches } from './matches';

/** Hold an answer against each check, in order. */
export async function evaluate(answer: string, checks: readonly AnswerCheck[]): Promise<Verdict[]> {
  const verdicts: Verdict[] = [];
  for (const check of checks) verdicts.push(await verdictOf(answer, check));
  return verdicts;
}

async function verdictOf(answer: string, check: AnswerCheck): Promise<Verdict> {
  switch (check.kind) {
    case 'matches':
      return byPattern(`matches /${check.pattern}/`, 'it is nowhere in the answer', () =>
        matches(check.pattern, answer),
      );
    case 'lacks':
      return byPattern(`lacks /${check.pattern}/`, 'it is in the answer', () => !matches(check.pattern, answer));
    case 'length':
      return byLength(answer, check.min ?? 0, check.max ?? Infinity);
    case 'compiles':
      return byCompiling(answer, check.languages);
  }
}

function byPattern(by: string, message: string, holds: () => boolean): Verdict {
  try {
    return holds() ? { by, outcome: 'pass', message: 'it holds' } : { by, outcome: 'fail', message };
  } catch (error) {
    // Nobody knows whether it holds: that is the pattern's fault and says nothing of the answer.
    return { by, outcome: 'error', message: (error as Error).message };
  }
}

function byLength(answer: string, min: number, max: number): Verdict {
  const length = [...answer].length;
  const by = max === Infinity ? `at least ${min} characters` : `${min} to ${max} characters`;
  const outcome = length >= min && length <= max ? 'pass' : 'fail';
  return { by, outcome, message: `the answer has ${length}` };
}

async function byCompiling(answer: string, languages: readonly FenceLanguage[]): Promise<Verdict> {
  const by = `compiles ${languages.join(', ')}`;
  const fences = codeFences(answer).filter(({ language }) => languages.includes(language));
  if (fences.length === 0) return { by, outcome: 'fail', message: 'there is no such code fence in the answer' };
  const errors: string[] = [];
  for (const { language, code, line } of fences) {
    const error = await compileError(language, code);
    if (error !== undefined) errors.push(`the ${language} in line ${line}: ${error}`);
  }
  if (errors.length > 0) return { by, outcome: 'fail', message: errors.join('; ') };
  return { by, outcome: 'pass', message: `${fences.length} of ${fences.length} do` };
}
