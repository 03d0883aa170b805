import { readFileSync } from 'node:fs';
import { standUpHost } from './doors/host-entity';
import { createBreakers } from './doors/breakers';
import { buildActivities } from './build-activities';
import { buildModelWork } from './build-model-work';
import { beginProgram, runProgram } from './program';
import { commonOptions, connectWorker, runWorker } from './roles/run-worker';
import { serveModels } from './roles/serve-models';
import { serveSessions } from './roles/serve-sessions';
import { readSettings } from './settings';
import { keepSweeping } from './sweep';

/** Serve this host's queues until SIGTERM or SIGINT. Agents and commands at work go on; the next worker finds them. */
export async function main(): Promise<void> {
  const settings = readSettings(process.env, (path) => JSON.parse(readFileSync(path, 'utf8')) as unknown);
  const { secrets, redactor, redact, log, stopped } = beginProgram(process.env, settings.logLevel);
  const { connection, namespace } = await connectWorker();
  try {
    const where = { connection, namespace };
    const breakers = createBreakers({ ...where, taskQueue: settings.taskQueue, log });
    const built = await buildActivities({
      ...{ settings, secrets, redactor, log, ...where, breakers },
      environment: process.env,
    });
    const { models, sessionPorts, sweeping } = built;
    const work = buildModelWork({
      ...{ home: settings.home, models, breakers, redact, log },
    });
    const activities = { ...built.activities, ...work.finishing };
    void models.ledger.declareBudgets().catch((error: unknown) => {
      log.warn({ error }, 'the ledger was not told of the budgets of the configuration');
    });
    const sessions = (): Promise<void> =>
      serveSessions(
        {
          ...{ base: settings.taskQueue, pools: settings.pools, ports: sessionPorts, wrap: built.wrapSessions },
          watch: {
            ...breakers,
            isOpen: async (run) => (await built.otherRuns.standingOf(run)).state === 'open',
          },
          options: commonOptions({ ...where, redact }),
          standUp: (host, taskQueue) => standUpHost(where, settings.taskQueue, { host, taskQueue }),
        },
        stopped,
      );
    const serving = { base: settings.taskQueue, slots: settings.modelSlots, log };
    const calls = (): Promise<void> =>
      serveModels(
        { ...serving, ...work, workflowBundle: settings.workflowBundle, options: commonOptions({ ...where, redact }) },
        stopped,
      ).finally(() => work.close().catch((error: unknown) => log.warn({ error }, 'what was drawn was not settled')));
    const called = settings.roles.includes('models') ? calls() : Promise.resolve();
    // The ledger runs here: what calls were paid from is settled while it still answers.
    const allCalled = stopped.then(() => called.catch(() => undefined));
    const runs = (): Promise<void> => runWorker({ settings, ...where, activities, redact, log }, allCalled);
    const roles = { runs, sessions, models: () => called };
    const swept = keepSweeping({ ...sweeping, removeWorkspace: activities.removeWorkspace, log }, stopped);
    await Promise.all([...settings.roles.map((role) => roles[role]()), swept]).finally(() => models.close());
  } finally {
    await connection.close().catch((error: unknown) => log.warn({ error }, 'the connection did not close'));
  }
}

if (require.main === module) runProgram('worker', main);
