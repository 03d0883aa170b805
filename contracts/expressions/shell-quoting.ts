// Where in a shell program a value stands decides how the reference to it is written. This reads as much of the POSIX
// shell's grammar as that takes: quotes, comments, here-documents and substitutions. Where no way of writing the
// reference is safe, the answer is a refusal and never a guess.

import { isEndLine, runsCommands } from './here-document';
import type { HereDocument, Item } from './here-document';
import { REFUSED, UNBALANCED, wouldBeProgram, WRITTEN } from './shell-places';
import type { Place, Refusal } from './shell-places';

/** A shell program with gaps, each the index of a value. */
export type ShellPiece = string | { readonly value: number };

export type QuotedProgram = { readonly program: string } | { readonly refused: { readonly value: number } & Refusal };

/** Fill every gap with a reference to a variable, so written that the value arrives as it is. */
export function quoteReferences(pieces: readonly ShellPiece[], nameOf: (value: number) => string): QuotedProgram {
  const scan = new ShellScan(pieces.flatMap((piece): Item[] => (typeof piece === 'string' ? [...piece] : [piece])));
  let program = '';
  let lastValue = 0;
  while (!scan.atEnd) {
    const gap = scan.gap;
    if (gap === undefined) {
      program += scan.step();
      continue;
    }
    const place = scan.place();
    if (typeof place !== 'string') return { refused: { value: gap, ...place } };
    program += WRITTEN[place](`\${${nameOf(gap)}}`);
    lastValue = gap;
    scan.step();
  }
  const holdsValue = pieces.some((piece) => typeof piece !== 'string');
  if (holdsValue && !scan.balanced) return { refused: { value: lastValue, ...UNBALANCED } };
  return { program };
}

/** `words` are those of the command being read, the unfinished one last. */
interface Frame {
  readonly mode: 'code' | 'double' | 'single' | 'comment' | 'arithmetic' | 'parameter' | 'backtick' | 'ansi';
  parens: number;
  cases: number;
  words: string[];
}

class ShellScan {
  private position = 0;
  private readonly frames: Frame[] = [newFrame('code')];
  private documents: HereDocument[] = [];
  /** The here-document being read, and whether it holds a substitution of its own. */
  private document: (HereDocument & { readonly busy: boolean }) | undefined;
  private delimiterGap = false;

  constructor(private readonly items: readonly Item[]) {}

  get atEnd(): boolean {
    return this.position >= this.items.length;
  }

  get gap(): number | undefined {
    const item = this.items[this.position];
    return typeof item === 'object' ? item.value : undefined;
  }

  get balanced(): boolean {
    return this.frames.every((frame, depth) => depth === 0 || frame.mode === 'comment');
  }

  /** What the gap at hand stands in, or why no value can stand there. */
  place(): Place | Refusal {
    if (this.document !== undefined) {
      if (this.document.quoted) return REFUSED.quotedDocument;
      if (this.afterEscape()) return REFUSED.escape;
      if (this.document.busy || this.before() === '$') return REFUSED.busyDocument;
      return 'document';
    }
    if (this.delimiterGap) return REFUSED.delimiter;
    const { mode } = this.top;
    if (mode === 'comment') return 'comment';
    if (mode === 'single') return wouldBeProgram(this.codeFrame.words) ? REFUSED.program : 'single';
    if (mode === 'code' || mode === 'double') {
      if (this.afterEscape()) return REFUSED.escape;
      if (this.before() === '$' && !this.afterEscape(1)) return REFUSED.dollar;
      return wouldBeProgram(this.codeFrame.words) ? REFUSED.program : mode;
    }
    return REFUSED[mode];
  }

  /** Go over the next character, or the gap; the text gone over. */
  step(): string {
    const start = this.position;
    const item = this.items[start];
    if (typeof item !== 'string') {
      this.addToWord('\0');
      this.position += 1;
      return '';
    }
    if (this.document !== undefined) this.stepInDocument(item);
    else this.stepIn(item);
    return this.items
      .slice(start, this.position)
      .filter((one) => typeof one === 'string')
      .join('');
  }

  private stepIn(char: string): void {
    const { mode } = this.top;
    this.position += 1;
    if (mode === 'comment') {
      if (char === '\n') this.endComment();
    } else if (mode === 'single') {
      if (char === "'") this.pop();
      else this.addToWord(char);
    } else if (char === '\\') {
      this.addToWord(this.skipEscaped().replace('\n', ''));
    } else if (mode === 'ansi') {
      if (char === "'") this.pop();
    } else if (mode === 'backtick') {
      if (char === '`') this.pop();
    } else if (mode === 'arithmetic') {
      this.countArithmetic(char);
    } else if (mode === 'parameter') {
      if (char === '}') this.pop();
      else this.openQuoteOrSubstitution(char);
    } else if (mode === 'double') {
      if (char === '"') this.pop();
      else if (char === "'" || !this.openQuoteOrSubstitution(char)) this.addToWord(char);
    } else {
      this.stepInCode(char);
    }
  }

  private stepInCode(char: string): void {
    const frame = this.top;
    if (this.openQuoteOrSubstitution(char)) return;
    if (char === '#' && this.lastWord === '' && this.atWordStart()) this.push('comment');
    else if (char === '<' && this.peek() === '<') this.openDocument();
    else if (char === '\n') this.endLine();
    else if (char === ' ' || char === '\t') this.endWord();
    else if (';&|'.includes(char)) this.endCommand();
    else if (char === '(') {
      frame.parens += 1;
      this.endCommand();
    } else if (char === ')') this.closeParen();
    else this.addToWord(char);
  }

  private openQuoteOrSubstitution(char: string): boolean {
    const { mode } = this.top;
    if (char === '"') this.push('double');
    else if (char === "'" && mode !== 'double') this.push('single');
    else if (char === '`') this.push('backtick');
    else if (char === '$') return this.openDollar(mode);
    else return false;
    return true;
  }

  private openDollar(mode: Frame['mode']): boolean {
    const next = this.peek();
    if (next === '(' && this.peek(1) === '(') this.push('arithmetic', 2);
    else if (next === '(') this.push('code', 1);
    else if (next === '{') this.push('parameter', 1);
    else if (next === "'" && mode === 'code') this.push('ansi', 1);
    else this.addToWord('$');
    return true;
  }

  private countArithmetic(char: string): void {
    const frame = this.top;
    if (char === '(') frame.parens += 1;
    else if (char === ')' && frame.parens > 0) frame.parens -= 1;
    else if (char === ')') {
      if (this.peek() === ')') this.position += 1;
      this.pop();
    }
  }

  /** A `)` ends a subshell, a substitution, or only the pattern of a `case`. */
  private closeParen(): void {
    const frame = this.top;
    this.endCommand();
    if (frame.parens > 0) frame.parens -= 1;
    else if (frame.cases === 0 && this.frames.length > 1) this.pop();
  }

  private openDocument(): void {
    this.position += 1;
    if (this.peek() === '<') {
      this.position += 1;
      return;
    }
    const tabs = this.peek() === '-';
    if (tabs) this.position += 1;
    while (this.peek() === ' ' || this.peek() === '\t') this.position += 1;
    this.readEndWord(tabs);
  }

  private readEndWord(tabs: boolean): void {
    let endWord = '';
    let quote = '';
    let quoted = false;
    for (let char = this.peek(); char !== undefined; char = this.peek()) {
      if (quote === '' && /[\s;&|()<>]/.test(char)) break;
      this.position += 1;
      if (char === quote) quote = '';
      else if (quote === '' && (char === '"' || char === "'")) quote = char;
      else if (char === '\\' && quote !== "'") endWord += this.skipEscaped();
      else endWord += char;
      quoted ||= char === '"' || char === "'" || char === '\\';
    }
    this.delimiterGap = this.gap !== undefined;
    this.documents.push({ endWord, quoted, tabs });
  }

  private endLine(): void {
    this.endCommand();
    this.openNextDocument();
  }

  private endComment(): void {
    this.pop();
    this.endLine();
  }

  private openNextDocument(): void {
    const next = this.documents.shift();
    if (next === undefined) {
      this.document = undefined;
      return;
    }
    this.document = { ...next, busy: false };
    this.document = { ...next, busy: runsCommands(this.items, this.position, next) };
    this.endDocumentAt(this.position);
  }

  private stepInDocument(char: string): void {
    this.position += 1;
    if (char === '\\' && this.document?.quoted === false) this.skipEscaped();
    if (this.items[this.position - 1] === '\n') this.endDocumentAt(this.position);
  }

  /** At the start of a line: when it is the end word, go past it. */
  private endDocumentAt(start: number): void {
    if (this.document === undefined || !isEndLine(this.items, start, this.document)) return;
    while (this.position < this.items.length && this.items[this.position] !== '\n') this.position += 1;
    if (this.position < this.items.length) this.position += 1;
    this.openNextDocument();
  }

  private get top(): Frame {
    return this.frames.at(-1)!;
  }

  private get codeFrame(): Frame {
    return this.frames.findLast((frame) => frame.mode === 'code')!;
  }

  private get lastWord(): string {
    return this.codeFrame.words.at(-1)!;
  }

  private push(mode: Frame['mode'], skip = 0): void {
    this.position += skip;
    if (mode !== 'comment') this.addToWord('');
    this.frames.push(newFrame(mode));
  }

  private pop(): void {
    this.frames.pop();
  }

  private addToWord(text: string): void {
    const { words } = this.codeFrame;
    words[words.length - 1] += text;
  }

  private endWord(): void {
    const frame = this.codeFrame;
    this.countCase();
    if (frame.words.at(-1) !== '') frame.words.push('');
  }

  private endCommand(): void {
    this.countCase();
    this.codeFrame.words = [''];
  }

  private countCase(): void {
    const frame = this.codeFrame;
    const word = frame.words.at(-1);
    if (word === 'case') frame.cases += 1;
    if (word === 'esac') frame.cases = Math.max(0, frame.cases - 1);
  }

  private atWordStart(): boolean {
    const before = this.items[this.position - 2];
    return before === undefined || (typeof before === 'string' && /[\s;&|()]/.test(before));
  }

  private skipEscaped(): string {
    const next = this.peek();
    if (next === undefined) return '';
    this.position += 1;
    return next;
  }

  private peek(ahead = 0): string | undefined {
    const item = this.items[this.position + ahead];
    return typeof item === 'string' ? item : undefined;
  }

  private before(): string | undefined {
    const item = this.items[this.position - 1];
    return typeof item === 'string' ? item : undefined;
  }

  /** Does an odd number of backslashes stand before the gap, or before `back` characters ahead of it? */
  private afterEscape(back = 0): boolean {
    let count = 0;
    while (this.items[this.position - 1 - back - count] === '\\') count += 1;
    return count % 2 === 1;
  }
}

function newFrame(mode: Frame['mode']): Frame {
  return { mode, parens: 0, cases: 0, words: [''] };
}
