import { readFileSync } from 'node:fs';
import { readSettings } from './settings';
import { buildActivities } from './build-activities';
import { createLogger, installRuntime } from './logger';
import { secretsOf } from './secrets';
import { connectWorker, runWorker } from './run-worker';
import { keepSweeping } from './sweep';

/** Serve this host's queues until SIGTERM or SIGINT. Agents and commands at work go on; the next worker finds them. */
export async function main(): Promise<void> {
  const settings = readSettings(process.env, (path) => JSON.parse(readFileSync(path, 'utf8')) as unknown);
  const { secrets, redactor } = secretsOf(process.env);
  const redact = (text: string): string => redactor.redact(text);
  const log = createLogger(settings.logLevel, redact);
  installRuntime(log);
  const stopped = new Promise<void>((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve());
  });
  const { connection, namespace } = await connectWorker();
  try {
    const { activities, agents, sweeping } = await buildActivities({
      settings,
      secrets,
      redactor,
      log,
      environment: process.env,
      connection,
      namespace,
    });
    const { removeWorkspace } = activities;
    const swept = keepSweeping({ ...sweeping, removeWorkspace, log }, stopped);
    await runWorker({ settings, connection, namespace, activities, agents, redact, log }, stopped);
    await swept;
  } finally {
    await connection.close().catch((error: unknown) => log.warn({ error }, 'the connection did not close'));
  }
}

if (require.main === module) {
  main().then(
    () => process.exit(0),
    (error: unknown) => {
      process.stderr.write(`gantry worker: ${error instanceof Error ? error.message : String(error)}\n`);
      process.exit(1);
    },
  );
}
