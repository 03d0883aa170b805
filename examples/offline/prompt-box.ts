const PASTE_START = '\x1b[200~';
const PASTE_END = '\x1b[201~';
const [CTRL_C, CTRL_D, CTRL_U, ESCAPE] = ['\x03', '\x04', '\x15', '\x1b'];
const [ENTER, BACKSPACE, DELETE] = ['\r', '\b', '\x7f'];
/** An Esc that nothing follows within this is the key. */
const LONE_ESCAPE_MS = 50;

export interface PromptBoxHandlers {
  readonly onSubmit: (prompt: string) => Promise<void>;
  readonly onInterrupt: () => void;
  readonly onQuit: () => void;
}

/** A prompt box at the end of a terminal: takes keys and bracketed pastes, one prompt at a time. */
export class PromptBox {
  private content = '';
  private isBusy = false;
  private isPasting = false;
  private unread = '';
  private escape: NodeJS.Timeout | undefined;
  private shownLines = 0;

  constructor(private readonly handlers: PromptBoxHandlers) {}

  open(greeting: string): void {
    process.stdin.setRawMode?.(true);
    process.stdin.setEncoding('utf8').on('data', (chunk: string) => this.receive(chunk));
    process.stdout.write(`\x1b[?2004h${greeting}\r\n\r\n`);
    this.draw();
  }

  busy(what: string): void {
    this.isBusy = true;
    this.print(`${what}…`);
  }

  idle(): void {
    this.isBusy = false;
    this.draw();
  }

  /** Print above the box. */
  print(text: string): void {
    this.erase();
    process.stdout.write(`${text.replaceAll('\n', '\r\n')}\r\n`);
    this.draw();
  }

  private receive(chunk: string): void {
    clearTimeout(this.escape);
    this.unread += chunk;
    while (this.unread !== '' && this.readOne());
    if (this.unread === ESCAPE) {
      this.escape = setTimeout(() => {
        this.unread = '';
        this.handlers.onInterrupt();
      }, LONE_ESCAPE_MS);
    }
    this.draw();
  }

  /** Take one key or marker from what was received; false when its rest has not arrived yet. */
  private readOne(): boolean {
    for (const marker of [PASTE_START, PASTE_END]) {
      if (this.unread.startsWith(marker)) {
        this.isPasting = marker === PASTE_START;
        this.unread = this.unread.slice(marker.length);
        return true;
      }
      if (marker.startsWith(this.unread)) return false;
    }
    if (this.unread.startsWith(ESCAPE)) {
      const sequence = /^\x1b(?:\[[0-9;?]*[ -/]*[@-~]|O.|[^[O])/u.exec(this.unread)?.[0];
      this.unread = this.unread.slice((sequence ?? this.unread).length);
      return true;
    }
    const key = String.fromCodePoint(this.unread.codePointAt(0)!);
    this.unread = this.unread.slice(key.length);
    this.press(key);
    return true;
  }

  private press(key: string): void {
    if (this.isPasting) this.content += key === ENTER ? '\n' : key;
    else if (key === ENTER) this.submit();
    else if (key === CTRL_C) this.handlers.onInterrupt();
    else if (key === CTRL_D && this.content === '') this.handlers.onQuit();
    else if (key === CTRL_U) this.content = '';
    else if (key === BACKSPACE || key === DELETE) this.content = this.content.slice(0, -1);
    else if (key >= ' ' || key === '\n' || key === '\t') this.content += key;
  }

  private submit(): void {
    const prompt = this.content;
    if (prompt.trim() === '' || this.isBusy) return;
    this.content = '';
    this.print(`> ${prompt}`);
    void this.handlers.onSubmit(prompt);
  }

  private erase(): void {
    if (this.shownLines > 1) process.stdout.write(`\x1b[${this.shownLines - 1}A`);
    process.stdout.write('\r\x1b[J');
    this.shownLines = 0;
  }

  private draw(): void {
    this.erase();
    const shown = `› ${this.content}`.split('\n');
    process.stdout.write(shown.join('\r\n  '));
    const columns = process.stdout.columns ?? 80;
    const rows = shown.map((line, index) => Math.max(1, Math.ceil((line.length + (index > 0 ? 2 : 0)) / columns)));
    this.shownLines = rows.reduce((sum, count) => sum + count, 0);
  }
}
