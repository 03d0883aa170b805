import { DefaultLogger, Runtime, makeTelemetryFilterString, type LogLevel } from '@temporalio/worker';
import { pino, stdSerializers, type Logger } from 'pino';
import type { Redact } from './activity-door';

const PINO_LEVEL: Readonly<Record<LogLevel, 'trace' | 'debug' | 'info' | 'warn' | 'error'>> = {
  TRACE: 'trace',
  DEBUG: 'debug',
  INFO: 'info',
  WARN: 'warn',
  ERROR: 'error',
};

/** JSON lines on standard output, without secrets. The SDK and its core log through the same logger. */
export function createLogger(level: string, redact: Redact): Logger {
  return pino(
    {
      ...{ level, base: { pid: process.pid }, timestamp: pino.stdTimeFunctions.isoTime },
      // As JSON an error has neither message nor stack.
      serializers: { error: stdSerializers.errWithCause },
    },
    { write: (line) => void process.stdout.write(redact(line)) },
  );
}

/** Once for each process, before any connection is made. */
export function installRuntime(log: Logger): void {
  Runtime.install({
    logger: new DefaultLogger('INFO', ({ level, message, meta }) => log[PINO_LEVEL[level]]({ ...meta }, message)),
    telemetryOptions: { logging: { forward: {}, filter: makeTelemetryFilterString({ core: 'WARN', other: 'ERROR' }) } },
    // The worker ends itself in its own order; see run-worker.ts.
    shutdownSignals: [],
  });
}

/** pino takes the attributes first; the ports take the sentence first. */
export function portLog(log: Logger): Record<'info' | 'warn', (message: string, attributes?: object) => void> {
  return {
    info: (message, attributes = {}) => log.info(attributes, message),
    warn: (message, attributes = {}) => log.warn(attributes, message),
  };
}
