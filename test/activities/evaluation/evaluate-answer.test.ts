import { evaluate } from '../../../activities/evaluation/evaluate-answer';
import type { AnswerCheck } from '../../../contracts/evaluation';

const TICKS = '```';

async function outcomeOf(answer: string, check: AnswerCheck): Promise<string> {
  const [verdict] = await evaluate(answer, [check]);
  return `${verdict!.by}: ${verdict!.outcome}: ${verdict!.message}`;
}

function fenced(language: string, code: string): string {
  return `Here it is:\n\n${TICKS}${language}\n${code}\n${TICKS}\n`;
}

describe('a pattern', () => {
  it('is looked for in every line', async () => {
    expect(await outcomeOf('# Title\n\n## Plan\n', { kind: 'matches', pattern: '^## Plan$' })).toBe(
      'matches /^## Plan$/: pass: it holds',
    );
    expect(await outcomeOf('no plan', { kind: 'matches', pattern: '^## Plan$' })).toBe(
      'matches /^## Plan$/: fail: it is nowhere in the answer',
    );
  });

  it('may have to be absent', async () => {
    expect(await outcomeOf('done', { kind: 'lacks', pattern: 'TODO' })).toBe('lacks /TODO/: pass: it holds');
    expect(await outcomeOf('TODO: all', { kind: 'lacks', pattern: 'TODO' })).toBe(
      'lacks /TODO/: fail: it is in the answer',
    );
  });

  it('that backtracks without end is given up, and says nothing of the answer', async () => {
    expect(await outcomeOf(`${'a'.repeat(40)}!`, { kind: 'matches', pattern: '^(a+)+$' })).toBe(
      'matches /^(a+)+$/: error: /^(a+)+$/ did not come to an end within 1 s on this answer',
    );
  });
});

describe('a length', () => {
  it.each([
    ['', 'fail'],
    ['abc', 'pass'],
    ['🙂🙂🙂', 'pass'],
    ['abcd', 'fail'],
  ])('counts characters as people do: %j', async (answer, outcome) => {
    expect(await outcomeOf(answer, { kind: 'length', min: 1, max: 3 })).toContain(`1 to 3 characters: ${outcome}`);
  });
});

describe('code fences', () => {
  it.each([
    ['json', '{"a": 1}', '{"a": }'],
    ['yaml', 'a: [1, 2]', 'a: [1, 2'],
    ['js', 'export const a = await b();', 'const a = ;'],
    ['jsx', 'const a = <b c={1} />;', 'const a = <b;'],
    ['ts', 'interface A { b?: string }\nreturn 1 as number;', 'const a: = 1;'],
    ['tsx', 'const a = <b<string> c={1 as number} />;', 'const a = (<b>;'],
    ['sh', 'for a in b; do echo "$a"; done', 'for a in b; do echo'],
    ['python', 'def a():\n    return 1', 'def a(:'],
  ] as const)('of %s compile or do not', async (language, good, bad) => {
    const check: AnswerCheck = { kind: 'compiles', languages: [language] };
    expect(await outcomeOf(fenced(language, good), check)).toBe(`compiles ${language}: pass: 1 of 1 do`);
    expect(await outcomeOf(fenced(language, bad), check)).toContain(
      `compiles ${language}: fail: the ${language} in line 3: `,
    );
  });

  it('are known by what else their language is called, and are not executed', async () => {
    const answer = fenced('TypeScript', 'process.exit(3);') + fenced('bash', 'exit 3') + fenced('py', 'exit(3)');
    expect(await outcomeOf(answer, { kind: 'compiles', languages: ['ts', 'sh', 'python'] })).toContain('pass: 3 of 3');
  });

  it('must be there, and others do not count', async () => {
    expect(await outcomeOf(fenced('rust', 'fn ('), { kind: 'compiles', languages: ['ts'] })).toContain(
      'fail: there is no such code fence',
    );
  });

  it('may hold fences of other marks, and one that is cut off counts', async () => {
    const nested = `~~~json\n"${TICKS}"\n~~~\n${TICKS}json\n{`;
    expect(await outcomeOf(nested, { kind: 'compiles', languages: ['json'] })).toMatch(/fail: the json in line 4: .+/);
  });
});
