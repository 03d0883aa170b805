import { mkdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { readIfThere, writeWhole } from '../../files/whole-file';
import { claim, inspect } from '../../processes/process-record';
import { findProcess } from '../../processes/process-table';
import { stopTree } from '../../processes/supervised';
import { failure } from '../../failure';
import { cleanText, fitsBox } from '../clean-text';
import type { Dispatch, Session, SessionBackend } from '../session-backend';
import { launchScript, quote } from './launch-script';
import { capture, findPane, killSession, pressAnyway, tagCommand } from './pane';
import { literal, TmuxError, type TmuxServer } from './tmux-server';
import { typePrompt } from './type-prompt';

const START_MS = 20_000;
const START_TRIES = 5;
const SCREEN_LOOK_MS = 500;
const INTERRUPT_MS = 500;
const TAIL_LINES = 60;

/** Agents in terminals that a person can attach to: one session of a private tmux server for each dispatch. */
export function tmuxBackend(server: TmuxServer): SessionBackend {
  return {
    async open(dispatch) {
      await start(server, dispatch);
      return tmuxSession(server, dispatch);
    },
    async end({ dispatchId, session, processDir, interruptKey, graceMs }, { interrupt }) {
      if (interrupt) await interruptAgent(server, session, dispatchId, interruptKey ?? 'C-c');
      await stopTree(processDir, { graceMs });
      await killSession(server, session, dispatchId);
      await rm(launchPath(processDir), { force: true }); // a script that never ran still holds the environment
    },
  };
}

function tmuxSession(server: TmuxServer, dispatch: Dispatch): Session {
  const { session } = dispatch.ledger.claim;
  const logPath = terminalLog(dispatch.dir);
  let lookedAt = 0;
  return {
    logPath,
    lost: () => whyLost(server, dispatch),
    async look(state) {
      const read = dispatch.kind.terminal?.readScreen;
      if (!read || Date.now() - lookedAt < SCREEN_LOOK_MS) return [];
      lookedAt = Date.now();
      const lines = await screen(server, session, dispatch.id);
      const quietMs =
        Date.now() -
        (await stat(logPath).then(
          (file) => file.mtimeMs,
          () => Date.now(),
        ));
      const event = lines && read({ lines, quietMs }, state);
      return event ? [event] : [];
    },
    async deliver(watch, control) {
      const text = fitsBox(dispatch.prompt) ? dispatch.prompt : taskLine(dispatch);
      await typePrompt({ server, dispatch, session, text: cleanText(text), watch, control });
    },
    async tail() {
      const lines = (await screen(server, session, dispatch.id)) ?? ((await readIfThere(logPath)) ?? '').split('\n');
      return lines.join('\n').trimEnd().split('\n').slice(-TAIL_LINES).join('\n');
    },
  };
}

function taskLine({ promptPath, id }: Dispatch): string {
  return `Read the file ${promptPath} and do what it says. (${id})`;
}

async function screen(server: TmuxServer, session: string, dispatchId: string): Promise<string[] | undefined> {
  try {
    const pane = await findPane(server, session, dispatchId);
    return pane && (await capture(server, pane));
  } catch (error) {
    if (error instanceof TmuxError) return undefined;
    throw error;
  }
}

/** Make the session, unless this dispatch ever had one: an agent is started once. */
async function start(server: TmuxServer, dispatch: Dispatch): Promise<void> {
  const { processDir } = dispatch;
  await mkdir(processDir, { recursive: true, mode: 0o700 });
  const id = await claim(processDir);
  const deadline = Date.now() + START_MS;
  for (let tries = 0; (await inspect(processDir)).state === 'absent';) {
    if (Date.now() > deadline || tries >= START_TRIES)
      throw new Error(`${dispatch.argv[0]} did not start in a terminal`);
    if (!(await exists(server, dispatch))) {
      tries += 1;
      await newSession(server, dispatch, id);
    }
    await sleep(50);
  }
}

async function exists(server: TmuxServer, dispatch: Dispatch): Promise<boolean> {
  try {
    return (await findPane(server, dispatch.ledger.claim.session, dispatch.id)) !== undefined;
  } catch (error) {
    if (error instanceof TmuxError) return false;
    throw unavailable(error);
  }
}

async function newSession(server: TmuxServer, dispatch: Dispatch, id: string): Promise<void> {
  const { processDir, dir, cwd, argv, env } = dispatch;
  const { session } = dispatch.ledger.claim;
  const script = launchPath(processDir);
  await writeWhole(
    script,
    launchScript({ processDir, cwd, claim: id, argv, env: { TERM: 'screen-256color', ...env } }),
  );
  await writeFile(terminalLog(dir), '', { flag: 'a', mode: 0o600 });
  const log = literal(`exec cat >> ${quote(terminalLog(dir))}`);
  try {
    // One list of commands: the server runs it before it reads a byte from the new pane, or could see it die.
    const made = await server.run([
      ...['start-server', ';', 'set-option', '-g', 'remain-on-exit', 'on', ';'],
      ...['set-option', '-g', 'history-limit', '50000', ';', 'set-option', '-s', 'escape-time', '0', ';'],
      ...['new-session', '-d', '-P', '-F', '#{pid}', '-s', session, '-x', '200', '-y', '50'],
      ...['-c', cwd.replaceAll('#', '##'), '/usr/bin/env', '-i', 'PATH=/usr/bin:/bin', '/bin/sh', script, ';'],
      ...[...tagCommand(session, dispatch.id), ';', 'pipe-pane', '-t', `=${session}:`, log],
    ]);
    await recordServer(dir, Number(made.trim()));
  } catch (error) {
    if (!(error instanceof TmuxError)) throw unavailable(error);
    // A server that is just ending refuses; the caller tries again for a while.
    await sleep(200);
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

async function whyLost(server: TmuxServer, dispatch: Dispatch): Promise<string | undefined> {
  try {
    const pane = await findPane(server, dispatch.ledger.claim.session, dispatch.id);
    return pane ? undefined : 'its terminal was taken away';
  } catch (error) {
    if (!(error instanceof TmuxError)) throw error;
    return (await serverLives(dispatch.dir, error)) ? undefined : 'its terminal is gone';
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

async function interruptAgent(server: TmuxServer, session: string, dispatchId: string, key: string): Promise<void> {
  try {
    const pane = await findPane(server, session, dispatchId);
    if (!pane || !(await pressAnyway(server, pane, dispatchId, key))) return;
    await sleep(INTERRUPT_MS);
  } catch (error) {
    if (!(error instanceof TmuxError)) throw error; // nothing is left to interrupt
  }
}

function launchPath(processDir: string): string {
  return join(processDir, 'launch');
}

function terminalLog(dir: string): string {
  return join(dir, 'terminal.log');
}
