import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import path from 'node:path';
import { createInterface } from 'node:readline/promises';
import { promisify } from 'node:util';
import { Cli } from '../../client/cli/cli';
import type { Io } from '../../client/cli/io';
import { watchRun } from '../../client/cli/live-view';
import { loadPipelineFile } from '../../client/definition/load-file';
import { providersOf } from '../../client/doctor/examine-models';
import { FailedError, InterruptedError, UserError } from '../../client/faults';
import { gantryHome } from '../../client/home';
import { programOnPath } from '../../client/program-on-path';
import { decideGate } from '../../client/runs/decide-gate';
import { startRun } from '../../client/runs/start-run';
import { serveLocally, type LocalServing } from '../../client/server/serve-locally';
import { stopProcessGroup } from '../../client/server/start-server';
import { DEFAULT_TASK_QUEUE } from '../../contracts/task-queues';
import { cancelUpdate } from '../../contracts/messages';
import { PRIORITY } from '../../contracts/priority';
import { isEnd, type GateRecord, type RunRef, type RunView } from '../../contracts/run';
import { givenInputs } from '../../client/cli/given-inputs';
import { runExample } from '../run-example';
import { crashReport, crashServer, crashWorker } from './crash';
import { freshHome, makePipelineFile, makeRepository } from './demo-home';
import { readOptions, USAGE, type DemoOptions } from './options';
import { pageOf, servicePid, summarise } from './summary';

/** From nothing to a deployed feature: server, workers, repository, pipeline, approval, page. */
async function demo(options: DemoOptions, io: Io): Promise<void> {
  const home = path.resolve(options.home ?? path.join(gantryHome(io.env), 'demo'));
  requireAgent(options, io.env);
  requirePerson(options, io);
  freshHome(home);
  const agentLog = path.join(home, 'agent.log');
  const tmuxSocket = `gantry-demo-${process.pid}`;
  const env = { ...io.env, GANTRY_AGENT_LOG: agentLog, GANTRY_TMUX_SOCKET: tmuxSocket };
  const say = (line: string) => io.stderr.write(`${line}\n`);
  const serving = await serveLocally({
    ...{ home, env, say, taskQueue: DEFAULT_TASK_QUEUE, namespace: 'default' },
    ...{ storage: 'file', workers: 1, offline: true },
  });
  const { address, namespace } = serving.target;
  const cli = new Cli(withoutRedraw(io, options.crash), () => ({ home, address, namespace }));
  let view: RunView | undefined;
  try {
    await introduce(options, io, home, serving);
    const repository = makeRepository(home);
    view = await play(cli, serving, { options, repository, agentLog, file: makePipelineFile(home, options) });
    if (io.signal.aborted) throw new InterruptedError('Interrupted.');
    io.stdout.write(`\n${summarise(cli, view, repository)}\n`);
    if (view.status !== 'SUCCESS') throw new FailedError(`The run ended as ${view.status}.`, `Logs: ${serving.logs}`);
    if (options.crash) await judgeCrash(cli, view, agentLog);
    await lookAround(io, options, view);
  } finally {
    await cleanUp(cli, serving, { view, tmuxSocket });
  }
}

function requireAgent({ agent }: DemoOptions, env: Io['env']): void {
  if (agent === 'offline' || programOnPath(agent, env) !== undefined) return;
  throw new UserError(`There is no program "${agent}" on the PATH.`, 'Install it, or leave --agent out.');
}

function requirePerson({ yes }: DemoOptions, { stdin }: Io): void {
  if (yes || stdin.isTTY === true) return;
  throw new UserError('The demo asks for an approval, and nobody is at a terminal.', 'Approve with --yes.');
}

/** Say plainly who thinks, who writes and where it can be watched. */
async function introduce(
  { agent }: DemoOptions,
  io: Io,
  home: string,
  { server, offline }: LocalServing,
): Promise<void> {
  const [model] = await providersOf({ env: io.env, cwd: io.cwd, home });
  const lines = [
    `Model    ${model ?? 'none configured: a script answers in its place, over the real protocol (no intelligence, no cost)'}`,
    `Agent    ${agent === 'offline' ? 'offline: a small program that a script thinks for' : agent}`,
    agent === 'offline' && offline?.backend === 'headless' ? 'tmux     not found: the agent runs headless' : '',
    `Web UI   ${server.ui}`,
    '',
  ];
  for (const line of lines.slice(0, -1).filter((one) => one !== '')) io.stdout.write(`${line}\n`);
  io.stdout.write('\n');
}

interface Story {
  readonly options: DemoOptions;
  readonly repository: string;
  readonly agentLog: string;
  readonly file: string;
}

async function play(cli: Cli, serving: LocalServing, { options, repository, agentLog, file }: Story): Promise<RunView> {
  const { definition } = await loadPipelineFile(file);
  const { run } = await startRun(await cli.temporal(), {
    ...{ project: 'calculator', definition, inputs: givenInputs(definition, [], repository), mode: definition.mode },
    ...{ priority: PRIORITY.usual, repo: repository, startedBy: cli.who },
  });
  return orGiveUp(cli, follow(cli, serving, run, { options, agentLog }));
}

/** To the run's end, with a person's decisions. Ctrl-C cancels it: what it did, a page that is served too, goes back. */
async function follow(
  cli: Cli,
  serving: LocalServing,
  run: RunRef,
  { options, agentLog }: Pick<Story, 'options' | 'agentLog'>,
): Promise<RunView> {
  const { signal } = cli.io;
  const cancel = () => void cancelRun(cli, run);
  if (signal.aborted) cancel();
  else signal.addEventListener('abort', cancel, { once: true });
  const crash = options.crash ? crashWorker(cli, serving, agentLog) : undefined;
  const asked = new Set<string>();
  const isNew = ({ gate, openedAt, outcome }: GateRecord) => outcome === undefined && !asked.has(`${gate}@${openedAt}`);
  const until = (now: RunView) => isEnd(now.status) || (!signal.aborted && now.gates.some(isNew));
  let view = await watchRun(cli, run, { until, asked: true });
  await crash;
  let crashed = !options.crash;
  while (!isEnd(view.status)) {
    if (!crashed) await crashServer(cli, serving);
    crashed = true;
    for (const gate of view.gates.filter(isNew)) {
      asked.add(`${gate.gate}@${gate.openedAt}`);
      const vote = await askFor(cli, options, gate, view);
      if (vote) cli.note(await decideGate(await cli.temporal(), view, { ...vote, gate: gate.gate, who: cli.who }));
    }
    view = await watchRun(cli, run, { until, since: view, asked: true });
  }
  return view;
}

async function cancelRun(cli: Cli, run: RunRef): Promise<void> {
  cli.note('Interrupted: ending the run and taking back what it did.');
  try {
    await (await cli.temporal()).runs.update(run, cancelUpdate, randomUUID(), { who: cli.who, comment: 'Ctrl-C' });
  } catch (error) {
    cli.note((error as Error).message); // the deadline below ends the demo all the same
  }
}

/** A person's answer; undefined when Ctrl-C was the answer. */
async function askFor(cli: Cli, { yes }: DemoOptions, { gate, message }: GateRecord, { stages }: RunView) {
  if (yes) {
    // A gate of the pipeline's own. One that opens because a stage goes on failing asks whether to go on without it.
    const isPlanned = stages.some(({ key, kind }) => key === gate && kind === 'gate');
    return { decision: isPlanned ? ('approve' as const) : ('reject' as const), comment: 'by --yes' };
  }
  const terminal = createInterface({ input: cli.io.stdin, output: process.stdout });
  // While it asks, the terminal gives Ctrl-C to it as a key.
  terminal.once('SIGINT', () => process.kill(process.pid, 'SIGINT'));
  try {
    const answer = await terminal.question(`${message}  Approve? [y/N] `, { signal: cli.io.signal });
    return { decision: /^y(es)?$/i.test(answer.trim()) ? ('approve' as const) : ('reject' as const) };
  } catch (error) {
    if (!cli.io.signal.aborted) throw error;
    return undefined;
  } finally {
    terminal.close();
  }
}

async function judgeCrash(cli: Cli, view: RunView, agentLog: string): Promise<void> {
  const { ok, lines } = await crashReport(cli, view, agentLog);
  const { green, red } = cli.paint;
  cli.io.stdout.write(`\n${lines.map((line) => `${ok ? green('✓') : red('✗')} ${line}`).join('\n')}\n`);
  if (!ok) throw new FailedError('Something was done twice or is missing: this is a defect.');
}

/** Leave the page and the Web UI up for as long as somebody looks. */
async function lookAround(io: Io, { yes }: DemoOptions, view: RunView): Promise<void> {
  if (yes || io.stdin.isTTY !== true) return;
  const terminal = createInterface({ input: io.stdin, output: process.stdout });
  try {
    await terminal.question(`\nLook around: ${pageOf(view) ?? ''}. Enter ends the demo. `, { signal: io.signal });
  } catch {
    // Ctrl-C ends it as well as Enter
  } finally {
    terminal.close();
  }
}

/** Nothing of the demo stays behind but its folder. */
async function cleanUp(
  cli: Cli,
  serving: LocalServing,
  { view, tmuxSocket }: { readonly view: RunView | undefined; readonly tmuxSocket: string },
): Promise<void> {
  await cli.close();
  await serving.stop();
  const service = view && servicePid(view);
  if (service !== undefined) await stopProcessGroup(service);
  // Fails when there is no such server: then nothing is left of it either.
  await promisify(execFile)('tmux', ['-L', tmuxSocket, 'kill-server']).catch(() => undefined);
}

/** The crash is told between the lines of progress, which must then stay where they are. */
function withoutRedraw(io: Io, lines: boolean): Io {
  if (!lines) return io;
  return {
    ...io,
    stdout: { write: (text) => io.stdout.write(text), ...(io.stdout.columns && { columns: io.stdout.columns }) },
  };
}

/** After Ctrl-C a run gets this long to take back what it did. */
const TAKE_BACK_MS = 30_000;

function orGiveUp<T>(cli: Cli, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const giveUp = () => reject(new InterruptedError('Interrupted; the run did not end in time.'));
    const count = () => void setTimeout(giveUp, TAKE_BACK_MS).unref();
    if (cli.io.signal.aborted) count();
    else cli.io.signal.addEventListener('abort', count, { once: true });
    work.then(resolve, reject);
  });
}

void runExample(async (io) => {
  const options = readOptions(process.argv.slice(2));
  if (options.help) io.stdout.write(`${USAGE}\n`);
  else await demo(options, io);
});
