import { execFile } from 'node:child_process';

export class TmuxError extends Error {}

export interface TmuxServer {
  /** The arguments before every command, for people who want to look themselves. */
  readonly socket: string;
  /** Run tmux commands; `;` separates them. Gives their output. Fails: {@link TmuxError}. */
  run(args: readonly string[], stdin?: string): Promise<string>;
}

/**
 * A tmux server of gantry's own, apart from a person's: on a socket of its own, without a configuration file, and
 * started with an environment that holds no secrets, for every session inherits it.
 */
export function tmuxServer(socket: string, environment: Readonly<Record<string, string | undefined>>): TmuxServer {
  const names = ['PATH', 'HOME', 'TMUX_TMPDIR', 'LANG', 'LC_ALL', 'LC_CTYPE', 'TERM'] as const;
  const env: Record<string, string> = { LC_CTYPE: 'C.UTF-8', TERM: 'dumb' };
  for (const name of names) if (environment[name] !== undefined) env[name] = environment[name];
  return {
    socket,
    run: (args, stdin = '') =>
      new Promise((resolve, reject) => {
        // -u: what it prints and what it is given is UTF-8, whatever the locale.
        const child = execFile(
          'tmux',
          ['-u', '-L', socket, '-f', '/dev/null', ...args],
          { env, maxBuffer: 64 << 20 },
          onEnd,
        );
        child.stdin?.on('error', () => undefined); // it ended early; its exit code says why
        child.stdin?.end(stdin);
        function onEnd(error: Error | null, stdout: string, stderr: string) {
          if (error === null) return resolve(stdout);
          if ((error as NodeJS.ErrnoException).code === 'ENOENT') return reject(error);
          reject(new TmuxError(`tmux ${args[0]}: ${stderr.trim() || error.message}`));
        }
      }),
  };
}

/** Text that tmux expands as a format, made literal. */
export function literal(text: string): string {
  return text.replace(/#/g, '##').replace(/%/g, '%%');
}
