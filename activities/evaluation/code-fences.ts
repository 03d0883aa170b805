import type { FenceLanguage } from '../../contracts/evaluation';

export interface CodeFence {
  readonly language: FenceLanguage;
  readonly code: string;
  /** Of the opening fence, from 1 on. */
  readonly line: number;
}

/** What people and models call the languages. */
const NAMES: Readonly<Record<string, FenceLanguage>> = {
  ...{ json: 'json', yaml: 'yaml', yml: 'yaml' },
  ...{ js: 'js', javascript: 'js', mjs: 'js', cjs: 'js', jsx: 'jsx' },
  ...{ ts: 'ts', typescript: 'ts', tsx: 'tsx' },
  ...{ sh: 'sh', bash: 'sh', shell: 'sh', python: 'python', py: 'python' },
};

/** The fenced code blocks of a Markdown text that name a language known here. A fence that is never closed runs to the end. */
export function codeFences(text: string): CodeFence[] {
  const fences: CodeFence[] = [];
  let open: { mark: string; language: FenceLanguage | undefined; line: number; lines: string[] } | undefined;
  for (const [index, line] of text.split('\n').entries()) {
    const [, mark = '', info = ''] = /^ {0,3}(`{3,}|~{3,})\s*([^\s`]*)/.exec(line) ?? [];
    if (open === undefined) {
      if (mark !== '') open = { mark, language: NAMES[info.toLowerCase()], line: index + 1, lines: [] };
    } else if (mark.startsWith(open.mark) && line.trim() === mark) {
      if (open.language !== undefined)
        fences.push({ language: open.language, code: joined(open.lines), line: open.line });
      open = undefined;
    } else open.lines.push(line);
  }
  if (open?.language !== undefined) fences.push({ language: open.language, code: joined(open.lines), line: open.line });
  return fences;
}

function joined(lines: readonly string[]): string {
  return lines.map((line) => `${line}\n`).join('');
}
