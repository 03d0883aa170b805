import type { Logger } from 'pino';
import type { Redactor } from '../activities/secrets/redactor';
import type { Secrets } from '../activities/secrets/secrets';
import { createLogger, installRuntime } from './logger';
import { secretsOf } from './secrets';
import { exitCodeOf } from './server-unreachable';

/** What every program of this room has before it does anything. */
export interface Program {
  readonly secrets: Secrets;
  readonly redactor: Redactor;
  /** Takes known secrets out of a text. */
  readonly redact: (text: string) => string;
  readonly log: Logger;
  /** Resolves with the first SIGTERM or SIGINT. */
  readonly stopped: Promise<void>;
}

/** Once in a process: the runtime of the workers logs where the program does. Fails: ConfigurationInvalid. */
export function beginProgram(environment: NodeJS.ProcessEnv, logLevel: string): Program {
  const { secrets, redactor } = secretsOf(environment);
  const redact = (text: string): string => redactor.redact(text);
  const log = createLogger(logLevel, redact);
  installRuntime(log);
  const stopped = new Promise<void>((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve());
  });
  return { secrets, redactor, redact, log, stopped };
}

/** Run a program to its end, and the process with it: why it failed is one line, and its exit code. */
export function runProgram(name: string, main: () => Promise<void>): void {
  main().then(
    () => process.exit(0),
    (error: unknown) => {
      process.stderr.write(`gantry ${name}: ${error instanceof Error ? error.message : String(error)}\n`);
      process.exit(exitCodeOf(error));
    },
  );
}
