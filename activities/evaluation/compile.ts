import { execFile } from 'node:child_process';
import { parse, type ParserPlugin } from '@babel/parser';
import { parseAllDocuments } from 'yaml';
import type { FenceLanguage } from '../../contracts/evaluation';

const COMPILE_MS = 10_000;

/** What is wrong with a piece of code, in one line; undefined when it compiles. Nothing of it is executed. */
export async function compileError(language: FenceLanguage, code: string): Promise<string | undefined> {
  switch (language) {
    case 'json':
      return thrownBy(() => JSON.parse(code));
    case 'yaml':
      return parseAllDocuments(code)
        .flatMap(({ errors }) => errors)[0]
        ?.message.split('\n')[0];
    case 'js':
    case 'jsx':
    case 'ts':
    case 'tsx':
      return thrownBy(() => parseScript(code, PLUGINS[language]));
    case 'sh':
      return refusedBy('sh', ['-n'], code);
    case 'python':
      return refusedBy('python3', ['-c', 'import ast, sys; ast.parse(sys.stdin.read())'], code);
  }
}

const PLUGINS: Record<'js' | 'jsx' | 'ts' | 'tsx', ParserPlugin[]> = {
  js: [],
  jsx: ['jsx'],
  ts: ['typescript', 'decorators'],
  tsx: ['typescript', 'decorators', 'jsx'],
};

/** An excerpt in an answer may await or return at its top. */
function parseScript(code: string, plugins: ParserPlugin[]): unknown {
  return parse(code, {
    plugins,
    sourceType: 'unambiguous',
    allowAwaitOutsideFunction: true,
    allowReturnOutsideFunction: true,
  });
}

function thrownBy(compile: () => unknown): string | undefined {
  try {
    compile();
    return undefined;
  } catch (error) {
    return (error as Error).message.split('\n')[0];
  }
}

/** Programs that only look: what they say last is what is wrong. */
function refusedBy(program: string, args: readonly string[], code: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const child = execFile(
      program,
      args,
      { timeout: COMPILE_MS, env: { PATH: process.env['PATH'] } },
      (error, _, said) => {
        if (error === null) return resolve(undefined);
        if (error.code === 'ENOENT') return resolve(`${program} is not installed on this worker's host`);
        resolve(said.trim().split('\n').at(-1) || error.message);
      },
    );
    // A program that ends before it has read everything has said what is wrong.
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(code);
  });
}
