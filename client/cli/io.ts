/** Everything the CLI sees of the process it runs in: a test hands in its own. */
export interface Io {
  readonly stdout: Terminal;
  readonly stderr: Terminal;
  readonly stdin: NodeJS.ReadableStream & { readonly isTTY?: boolean };
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** Aborted by Ctrl-C and SIGTERM. */
  readonly signal: AbortSignal;
  /** Aborted by the second of them. */
  readonly insisted?: AbortSignal;
}

export interface Terminal {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
}

const DEFAULT_WIDTH = 120;

/** Columns to draw in: the terminal's, or all that a line needs when the reader is a file or a program. */
export function widthOfTerminal({ isTTY, columns }: Terminal): number {
  return isTTY === true ? (columns ?? DEFAULT_WIDTH) : Number.POSITIVE_INFINITY;
}
