import type { AddressInfo } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { taskStores } from '../build-model-work';
import { TaskDoor } from '../doors/tasks/task-door';
import { beginProgram, runProgram } from '../program';
import { connectWorker } from '../roles/run-worker';
import { createCatalogue } from './catalogue';
import { openPorts } from './open-ports';
import { createServer } from './server';
import { readGatewaySettings, whereToListen } from './settings';
import { registerDurable, registerTasks } from './tasks/register-tasks';

/** How long requests in flight may take to end, once the gateway is asked to. */
const ENDING_MS = 30_000;
const LOOK_EVERY_MS = 100;

/** Serve models over OpenAI's protocol until SIGTERM or SIGINT; what is in flight by then is answered first. */
export async function main(): Promise<void> {
  const settings = readGatewaySettings(process.env);
  const { redact, log, stopped } = beginProgram(process.env, settings.logLevel);
  const { connection, namespace } = await connectWorker();
  try {
    const environment = process.env;
    const { ports, close } = await openPorts({ settings, environment, connection, namespace, redact, log });
    try {
      const where = whereToListen(settings, ports.config.gateway, ports.keys);
      const { taskQueue, home, workerPool } = settings;
      const door = new TaskDoor({ connection, namespace, taskQueue });
      const tasks = { door, catalogue: createCatalogue(ports.config), ...taskStores(home) };
      const app = await createServer(ports, [
        ...(workerPool ? [(routes: FastifyInstance) => registerTasks(routes, tasks)] : []),
        (routes) => registerDurable(routes, tasks),
      ]);
      await app.listen(where);
      const urls = app.addresses().flatMap((at) => (typeof at === 'string' ? [] : [urlOf(at)]));
      log.info({ urls, keys: ports.keys.required, workerPool, source: ports.config.source }, 'gateway ready');
      await stopped;
      log.info('the gateway ends: what is in flight is answered first');
      await end(app);
    } finally {
      await close();
    }
  } finally {
    await connection.close().catch((error: unknown) => log.warn({ error }, 'the connection did not close'));
  }
}

/** Takes no more requests, and waits for those in flight; whoever takes too long is cut off, and settled as such. */
async function end(app: FastifyInstance): Promise<void> {
  // A connection that was busy when it was asked to end idles on after its answer.
  const idle = setInterval(() => app.server.closeIdleConnections(), LOOK_EVERY_MS);
  const late = setTimeout(() => app.server.closeAllConnections(), ENDING_MS);
  await app.close();
  clearInterval(idle);
  clearTimeout(late);
}

function urlOf({ address, family, port }: AddressInfo): string {
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
}

if (require.main === module) runProgram('gateway', main);
