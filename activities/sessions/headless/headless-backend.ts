import { setTimeout as sleep } from 'node:timers/promises';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { readIfThere, sizeOf } from '../../files/whole-file';
import { inspect, startOnce, stopTree } from '../../processes/supervised';
import { failure } from '../../failure';
import { processDir } from '../agent-record';
import type { Dispatch, Session, SessionBackend } from '../session-backend';
import { isOver } from '../turn-state';

const LOOK_MS = 100;
const INTERRUPT_MS = 500;
const TAIL_BYTES = 4_096;

/**
 * Agents as plain processes: the prompt is on standard input from the start. A process is started once, by whoever
 * comes, so nothing is ever in doubt here.
 */
export function headlessBackend(): SessionBackend {
  return {
    async start({ dir, record, argv, env, stdin = '' }) {
      await startOnce({ dir: processDir(dir), argv, cwd: record.cwd, env, stdin });
    },
    session: (dispatch) => headlessSession(dispatch, headlessLog(dispatch.agent.dir)),
    lost: () => Promise.resolve(undefined),
    held: () => Promise.resolve(false),
    async end({ dir, graceMs }, { interrupt }) {
      const process = processDir(dir);
      const now = await inspect(process);
      if (interrupt && now.state === 'running') await interruptGroup(now.pid);
      await stopTree(process, { graceMs });
    },
  };
}

/** What an agent without a terminal has printed. */
export function headlessLog(dir: string): string {
  return join(processDir(dir), 'out', 'log');
}

function headlessSession(dispatch: Dispatch, logPath: string): Session {
  const { ledger, limits, id, agent } = dispatch;
  return {
    logPath,
    look: () => Promise.resolve([]),
    async deliver(watch, control) {
      await ledger.record('pasted');
      await ledger.record('submitted');
      // It was started with the prompt: an agent that reports nothing has it as surely as it runs.
      if (agent.kind.terminal?.accepted === 'screen') await watch.note({ kind: 'accepted' });
      const deadline = Date.now() + limits.readyMs + limits.acceptMs;
      for (;;) {
        const state = await watch.look();
        if (state.acceptances > 0 || isOver(state)) return;
        control.doing('waits for the agent to take the prompt');
        if (Date.now() > deadline) throw neverTook(id, limits);
        await sleep(LOOK_MS, undefined, { signal: control.signal });
      }
    },
    tail: () => readTail(logPath),
  };
}

function neverTook(id: string, limits: Dispatch['limits']) {
  const seconds = (limits.readyMs + limits.acceptMs) / 1000;
  // It had the prompt all the time: what it did with it is not known.
  return failure('Agent.OutcomeUnknown', `${id}: the agent did not say within ${seconds} s that it took the prompt.`);
}

// The supervisor leads the group and outlives the signal.
async function interruptGroup(pid: number): Promise<void> {
  try {
    process.kill(-pid, 'SIGINT');
    await sleep(INTERRUPT_MS);
  } catch {
    // It ended by itself, which is what we want.
  }
}

async function readTail(path: string): Promise<string> {
  const size = await sizeOf(path);
  if (size <= TAIL_BYTES) return (await readIfThere(path)) ?? '';
  const file = await open(path, 'r');
  try {
    const { buffer } = await file.read(Buffer.alloc(TAIL_BYTES), 0, TAIL_BYTES, size - TAIL_BYTES);
    return buffer.toString('utf8');
  } finally {
    await file.close();
  }
}
