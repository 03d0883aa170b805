import { spawn, type ChildProcess } from 'node:child_process';
import { failure } from '../failure';

export interface RunOptions {
  readonly input?: string;
  /** End it after so many milliseconds: the network may never answer. Its exit code is {@link TIMED_OUT} then. */
  readonly timeoutMs?: number;
}

export interface GitOutcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** The exit code of a command that took too long, as of `timeout` in a shell. */
export const TIMED_OUT = 124;

const OUTPUT_LIMIT = 64 * 1024 * 1024;
/** What git may do after it was asked to end, such as removing its lock files. */
const GRACE_MS = 2_000;

/** Run git to its end. Fails: Git.Failed, where it could not be run or was killed. */
export function runGit(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  { input, timeoutMs }: RunOptions,
): Promise<GitOutcome> {
  return new Promise((resolve, reject) => {
    // What may have to be ended has a process group: git would leave the programs behind that it connects with.
    const child = spawn('git', args, { env, detached: timeoutMs !== undefined });
    const said = { stdout: '', stderr: '' };
    const ending = new Ending(child, timeoutMs);
    for (const stream of ['stdout', 'stderr'] as const) {
      child[stream].setEncoding('utf8').on('data', (text: string) => {
        if (said[stream].length + text.length <= OUTPUT_LIMIT) said[stream] += text;
        else ending.begin('it said too much');
      });
    }
    const fail = (why: string): void => reject(failure('Git.Failed', `git could not be run: ${why}`));
    child.on('error', (error) => fail(error.message));
    child.on('close', (code, signal) => {
      ending.over();
      if (ending.why === TOO_LONG) {
        const stderr = `${said.stderr}\nno end after ${timeoutMs! / 1_000} seconds`;
        resolve({ code: TIMED_OUT, stdout: said.stdout, stderr });
      } else if (ending.why === undefined && code !== null) resolve({ code, ...said });
      else fail(ending.why ?? `it was ended by ${signal}`);
    });
    child.stdin.on('error', () => undefined); // it ended without reading; its exit code says why
    child.stdin.end(input ?? '');
  });
}

const TOO_LONG = 'it took too long';

/** How git is ended, with all that it started: asked first. */
class Ending {
  why?: string;
  private readonly timers: NodeJS.Timeout[] = [];

  constructor(
    private readonly child: ChildProcess,
    private readonly timeoutMs: number | undefined,
  ) {
    if (timeoutMs !== undefined) this.timers.push(setTimeout(() => this.begin(TOO_LONG), timeoutMs));
  }

  begin(why: string): void {
    if (this.why !== undefined) return;
    this.why = why;
    this.signal('SIGTERM');
    this.timers.push(setTimeout(() => this.signal('SIGKILL'), GRACE_MS));
  }

  over(): void {
    for (const timer of this.timers) clearTimeout(timer);
  }

  private signal(name: NodeJS.Signals): void {
    const { pid } = this.child;
    if (this.timeoutMs === undefined || pid === undefined) {
      this.child.kill(name);
      return;
    }
    try {
      process.kill(-pid, name);
    } catch {
      // all of them have ended
    }
  }
}
