import type { Io } from '../client/cli/io';
import { Fault } from '../client/faults';
import { EXIT } from '../contracts/errors';

/** Run an example as a program of its own, until it ends or is interrupted: its faults are told as gantry tells them. */
export async function runExample(example: (io: Io) => Promise<void>): Promise<never> {
  const interrupted = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => interrupted.abort());
  const { stdin, stdout, stderr, env } = process;
  try {
    await example({ stdin, stdout, stderr, env, cwd: process.cwd(), signal: interrupted.signal });
    return process.exit(EXIT.ok.code);
  } catch (error) {
    const told = error instanceof Fault ? [error.message, error.hint ?? ''].join('\n') : (error as Error).stack;
    stderr.write(`${told}\n`);
    return process.exit(EXIT[error instanceof Fault ? error.exit : 'failed'].code);
  }
}
