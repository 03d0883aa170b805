import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { modifiedAt, readIfThere, writeWhole } from '../../files/whole-file';
import { claim, inspect } from '../../processes/process-record';
import { findProcess } from '../../processes/process-table';
import { stopTree } from '../../processes/supervised';
import { failure } from '../../failure';
import { processDir, type AgentName, type AgentPlace, type AgentRecord } from '../agent-record';
import { cleanText, fitsBox } from '../clean-text';
import type { AgentStart, Dispatch, Session, SessionBackend } from '../session-backend';
import { launchScript, quote } from './launch-script';
import { findPane, killSession, lookAtPane, pressAnyway, tagCommand } from './pane';
import { paneTable, type PaneTable } from './pane-table';
import { literal, TmuxError, type TmuxServer } from './tmux-server';
import { typePrompt } from './type-prompt';

const START_MS = 20_000;
const START_TRIES = 5;
const START_LOOK_MS = 10;
const REFUSED_MS = 200;
const SCREEN_LOOK_MS = 500;
const INTERRUPT_MS = 500;
const TAIL_LINES = 60;

/** Agents in terminals that a person can attach to: one session of a private tmux server for each agent. */
export function tmuxBackend(server: TmuxServer): SessionBackend {
  const panes = paneTable(server);
  return {
    start: (agent) => start(server, agent),
    session: (dispatch) => tmuxSession(server, dispatch),
    lost: (agent) => whyLost(panes, agent),
    held: async ({ id }) => (await panes.find(id).catch(ifUnreachable))?.attached === true,
    async end(agent, { interrupt }) {
      const { id, dir, terminal, interruptKey, graceMs } = agent;
      if (interrupt) await interruptAgent(server, agent, interruptKey ?? 'C-c');
      await stopTree(processDir(dir), { graceMs });
      await killSession(server, terminal, id);
      panes.forget();
      await rm(launchPath(dir), { force: true }); // a script that never ran still holds the environment
    },
  };
}

/** What a terminal has printed, without any loss to its scrolling. */
export function terminalLog(dir: string): string {
  return join(dir, 'terminal.log');
}

function tmuxSession(server: TmuxServer, dispatch: Dispatch): Session {
  const { record, dir, kind } = dispatch.agent;
  const logPath = terminalLog(dir);
  let lookedAt = 0;
  return {
    logPath,
    async look(state) {
      const read = kind.terminal?.readScreen;
      if (!read || Date.now() - lookedAt < SCREEN_LOOK_MS) return [];
      lookedAt = Date.now();
      const lines = await screen(server, record);
      const quietMs = Date.now() - ((await modifiedAt(logPath)) || Date.now());
      const event = lines && read({ lines, quietMs }, state);
      return event ? [event] : [];
    },
    async deliver(watch, control) {
      const text = fitsBox(dispatch.prompt, kind.terminal?.inline) ? dispatch.prompt : taskLine(dispatch);
      await typePrompt({ server, dispatch, text: cleanText(text), watch, control });
    },
    async tail() {
      const lines = (await screen(server, record)) ?? ((await readIfThere(logPath)) ?? '').split('\n');
      return lines.join('\n').trimEnd().split('\n').slice(-TAIL_LINES).join('\n');
    },
  };
}

function taskLine({ promptPath, id }: Dispatch): string {
  return `Read the file ${promptPath} and do what it says. (${id})`;
}

async function screen(server: TmuxServer, { terminal, id }: AgentRecord): Promise<string[] | undefined> {
  return (await lookAtPane(server, terminal, id).catch(ifUnreachable))?.lines;
}

function ifUnreachable(error: unknown): undefined {
  if (!(error instanceof TmuxError)) throw error;
}

/** Make the terminal, unless this agent ever had one: an agent is started once. */
async function start(server: TmuxServer, agent: AgentStart): Promise<void> {
  const process = processDir(agent.dir);
  await mkdir(process, { recursive: true, mode: 0o700 });
  const id = await claim(process);
  const deadline = Date.now() + START_MS;
  for (let tries = 0; (await inspect(process)).state === 'absent';) {
    if (Date.now() > deadline || tries >= START_TRIES) throw neverStarted(agent);
    if (!(await exists(server, agent.record))) {
      tries += 1;
      await newTerminal(server, agent, id);
    }
    await sleep(START_LOOK_MS);
  }
}

function neverStarted({ argv, record }: AgentStart): Error {
  return new Error(`${argv[0]} did not start in the terminal ${record.terminal}`);
}

async function exists(server: TmuxServer, { terminal, id }: AgentRecord): Promise<boolean> {
  try {
    return (await findPane(server, terminal, id)) !== undefined;
  } catch (error) {
    if (error instanceof TmuxError) return false;
    throw unavailable(error);
  }
}

async function newTerminal(server: TmuxServer, agent: AgentStart, id: string): Promise<void> {
  const { dir, argv, env, record } = agent;
  const { terminal, cwd } = record;
  const script = launchPath(dir);
  await writeWhole(
    script,
    launchScript({ processDir: processDir(dir), cwd, claim: id, argv, env: { TERM: 'screen-256color', ...env } }),
  );
  await writeFile(terminalLog(dir), '', { flag: 'a', mode: 0o600 });
  const log = literal(`exec cat >> ${quote(terminalLog(dir))}`);
  try {
    // One list of commands: the server runs it before it reads a byte from the new pane, or could see it die.
    const made = await server.run([
      ...['start-server', ';', 'set-option', '-g', 'remain-on-exit', 'on', ';'],
      ...['set-option', '-g', 'history-limit', '50000', ';', 'set-option', '-s', 'escape-time', '0', ';'],
      ...['new-session', '-d', '-P', '-F', '#{pid}', '-s', terminal, '-x', '200', '-y', '50'],
      ...['-c', cwd.replaceAll('#', '##'), '/usr/bin/env', '-i', 'PATH=/usr/bin:/bin', '/bin/sh', script, ';'],
      ...[...tagCommand(terminal, record.id), ';', 'pipe-pane', '-t', `=${terminal}:`, log],
    ]);
    await recordServer(dir, Number(made.trim()));
  } catch (error) {
    if (!(error instanceof TmuxError)) throw unavailable(error);
    // A server that is just ending refuses; the caller tries again for a while.
    await sleep(REFUSED_MS);
  }
}

function unavailable(error: unknown): Error {
  const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT';
  if (!isMissing) return error as Error;
  return failure('Agent.Unavailable', 'tmux is not installed on this host. Install it, or use `backend: headless`.');
}

// The server is remembered with its time of birth: unreachable is not dead.
async function recordServer(dir: string, pid: number): Promise<void> {
  await writeWhole(join(dir, 'server.json'), JSON.stringify({ pid, birth: (await findProcess(pid))?.birth }));
}

async function whyLost(panes: PaneTable, { id, dir }: AgentPlace): Promise<string | undefined> {
  try {
    return (await panes.find(id)) ? undefined : 'its terminal was taken away';
  } catch (error) {
    if (!(error instanceof TmuxError)) throw error;
    return (await serverLives(dir, error)) ? undefined : 'its terminal is gone';
  }
}

async function serverLives(dir: string, error: TmuxError): Promise<boolean> {
  if (/can't find|no such session/.test(error.message)) return false;
  const text = await readIfThere(join(dir, 'server.json'));
  if (text === undefined) return false;
  const { pid, birth } = JSON.parse(text) as { pid: number; birth?: string };
  if ((await findProcess(pid))?.birth !== birth) return false;
  process.kill(pid, 'SIGUSR1'); // it makes its socket anew, if somebody removed it
  return true;
}

async function interruptAgent(server: TmuxServer, { id, terminal }: AgentName, key: string): Promise<void> {
  const pane = await findPane(server, terminal, id).catch(ifUnreachable); // else nothing is left to interrupt
  if (!pane || !(await pressAnyway(server, pane, id, key).catch(ifUnreachable))) return;
  await sleep(INTERRUPT_MS);
}

function launchPath(dir: string): string {
  return join(processDir(dir), 'launch');
}
