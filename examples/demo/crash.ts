import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { Cli } from '../../client/cli/cli';
import { pause } from '../../client/cli/wait';
import type { RunView } from '../../contracts/run';
import type { LocalServing } from '../../client/server/serve-locally';

const LOOK_MS = 10;
const SERVER_DOWN_MS = 2_000;

/** Kill the worker as soon as the agent has taken its prompt. It is started again by itself. */
export async function crashWorker(cli: Cli, serving: LocalServing, agentLog: string): Promise<void> {
  const workerLog = path.join(serving.logs, 'worker.log');
  const accepted = () => promptsIn(agentLog).length > 0 || textOf(workerLog).includes('"receipt":"accepted"');
  while (!accepted()) {
    if (cli.io.signal.aborted) return;
    await pause(LOOK_MS, cli.io.signal);
  }
  const [worker] = serving.workers;
  cli.note(cli.paint.red(`⚡ the agent is at work: kill -9 of the worker (${worker?.pid})`));
  worker?.kill();
}

/** Kill the server while a person is waited for, leave it down for a while, and start it on the same file. */
export async function crashServer(cli: Cli, serving: LocalServing): Promise<void> {
  cli.note(cli.paint.red(`⚡ the gate is open: kill -9 of the server (${serving.server.pid})`));
  await serving.killServer();
  await pause(SERVER_DOWN_MS, cli.io.signal);
  await serving.startServerAgain();
  cli.note(`the server is back (${serving.server.pid}), on the same file and port`);
}

/** Prompts the agent says it has taken: its own log, which gantry never writes. */
export function promptsIn(agentLog: string): string[] {
  return textOf(agentLog)
    .split('\n')
    .filter((line) => line !== '');
}

/** Evidence that nothing was done twice, one line each, and whether it holds. */
export async function crashReport(
  cli: Cli,
  view: RunView,
  agentLog: string,
): Promise<{ ok: boolean; lines: string[] }> {
  const { events } = await (await cli.temporal()).runs.history(view.run);
  const types = events.map((event) => event['eventType']);
  const completed = types.filter((type) => type === 'EVENT_TYPE_ACTIVITY_TASK_COMPLETED').length;
  const scheduled = types.filter((type) => type === 'EVENT_TYPE_ACTIVITY_TASK_SCHEDULED').length;
  const again = view.stages.filter(({ turn }) => turn > 1).map(({ key }) => key);
  const prompts = promptsIn(agentLog).length;
  const turns = view.stages.find(({ kind }) => kind === 'agent')?.turn ?? 0;
  const lines = [
    existsSync(agentLog) ? `the agent's own log counts ${times(prompts, 'prompt')} for ${times(turns, 'turn')}` : '',
    again.length === 0 ? 'every stage was entered once' : `entered more than once: ${again.join(', ')}`,
    `the history has ${scheduled} activities scheduled and ${completed} completed`,
  ].filter((line) => line !== '');
  const counted = !existsSync(agentLog) || prompts === turns;
  return { ok: view.status === 'SUCCESS' && counted && again.length === 0 && scheduled === completed, lines };
}

const times = (count: number, noun: string) => `${count} ${noun}${count === 1 ? '' : 's'}`;

function textOf(file: string): string {
  return existsSync(file) ? readFileSync(file, 'utf8') : '';
}
