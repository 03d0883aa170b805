import { execFile } from 'node:child_process';
import path from 'node:path';
import { createInterface } from 'node:readline/promises';
import { promisify } from 'node:util';
import { Cli } from '../../client/cli/cli';
import type { Io } from '../../client/cli/io';
import { watchRun } from '../../client/cli/live-view';
import { loadPipelineFile } from '../../client/definition/load-file';
import { providersOf } from '../../client/doctor/examine-host';
import { Fault, FailedError, InterruptedError, UserError } from '../../client/faults';
import { gantryHome } from '../../client/home';
import { programOnPath } from '../../client/program-on-path';
import { decideGate } from '../../client/runs/decide-gate';
import { startRun } from '../../client/runs/start-run';
import { serveLocally, type LocalServing } from '../../client/server/serve-locally';
import { stopProcessGroup } from '../../client/server/start-server';
import { DEFAULT_TASK_QUEUE } from '../../contracts/task-queues';
import { EXIT } from '../../contracts/errors';
import { isEnd, type RunView } from '../../contracts/run';
import { givenInputs } from '../../client/cli/given-inputs';
import { crashReport, crashServer, crashWorker } from './crash';
import { freshHome, makePipelineFile, makeRepository } from './demo-home';
import { readOptions, USAGE, type DemoOptions } from './options';
import { pageOf, servicePid, summarise } from './summary';

/** From nothing to a deployed feature: server, workers, repository, pipeline, approval, page. */
async function demo(options: DemoOptions, io: Io): Promise<void> {
  const home = path.resolve(options.home ?? path.join(gantryHome(io.env), 'demo'));
  requireAgent(options, io.env);
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
    await introduce(options, io, serving);
    const repository = makeRepository(home);
    view = await play(cli, serving, { options, repository, agentLog, file: makePipelineFile(home, options) });
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

/** Say plainly who thinks, who writes and where it can be watched. */
async function introduce({ agent }: DemoOptions, io: Io, { server, offline }: LocalServing): Promise<void> {
  const providers = await providersOf(io.env);
  const [model] = providers;
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
    ...{ priority: 3, repo: repository, startedBy: cli.who },
  });
  const crash = options.crash ? crashWorker(cli, serving, agentLog) : undefined;
  let view = await interruptible(cli, watchRun(cli, run, { until: gateOrEnd, asked: true }));
  await crash;
  let crashed = !options.crash;
  while (!isEnd(view.status)) {
    if (!crashed) await crashServer(cli, serving);
    crashed = true;
    const open = view.gates.filter(({ outcome }) => outcome === undefined);
    for (const gate of open) {
      const vote = await askFor(cli, options, gate.gate, gate.message);
      if (vote) cli.note(await decideGate(await cli.temporal(), view, { ...vote, gate: gate.gate, who: cli.who }));
    }
    const decided = new Set(open.map(({ gate, openedAt }) => `${gate}@${openedAt}`));
    const next = (now: RunView) =>
      isEnd(now.status) ||
      now.gates.some((gate) => gate.outcome === undefined && !decided.has(`${gate.gate}@${gate.openedAt}`));
    view = await interruptible(cli, watchRun(cli, run, { until: next, since: view, asked: true }));
  }
  return view;
}

const gateOrEnd = (view: RunView) => isEnd(view.status) || view.gates.some(({ outcome }) => outcome === undefined);

/** A person's answer; without a person, the command that gives it from elsewhere. */
async function askFor(cli: Cli, { yes }: DemoOptions, gate: string, message: string) {
  if (yes) return { decision: 'approve' as const, comment: 'approved by --yes' };
  if (cli.io.stdin.isTTY !== true) {
    cli.note(`Nobody is at the terminal. Decide with: gantry --home ${cli.home} approve latest ${gate}`);
    return undefined;
  }
  const terminal = createInterface({ input: cli.io.stdin, output: process.stdout });
  try {
    const answer = await terminal.question(`${message}  Approve? [y/N] `, { signal: cli.io.signal });
    return { decision: /^y(es)?$/i.test(answer.trim()) ? ('approve' as const) : ('reject' as const) };
  } catch (error) {
    throw cli.io.signal.aborted ? new InterruptedError('Interrupted.') : error;
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

function interruptible<T>(cli: Cli, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const end = () => reject(new InterruptedError('Interrupted.'));
    if (cli.io.signal.aborted) end();
    cli.io.signal.addEventListener('abort', end, { once: true });
    work.then(resolve, reject).finally(() => cli.io.signal.removeEventListener('abort', end));
  });
}

async function main(): Promise<number> {
  const interrupted = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => interrupted.abort());
  const { stdin, stdout, stderr, env } = process;
  try {
    const options = readOptions(process.argv.slice(2));
    if (options.help) stdout.write(`${USAGE}\n`);
    else await demo(options, { stdin, stdout, stderr, env, cwd: process.cwd(), signal: interrupted.signal });
    return EXIT.ok.code;
  } catch (error) {
    const told = error instanceof Fault ? [error.message, error.hint ?? ''].join('\n') : (error as Error).stack;
    stderr.write(`${told}\n`);
    return EXIT[error instanceof Fault ? error.exit : 'failed'].code;
  }
}

void main().then((code) => process.exit(code));
