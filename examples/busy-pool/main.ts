import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { Cli } from '../../client/cli/cli';
import type { Io } from '../../client/cli/io';
import { FailedError, InterruptedError, UserError } from '../../client/faults';
import { programOnPath } from '../../client/program-on-path';
import { serveLocally } from '../../client/server/serve-locally';
import { DEFAULT_TASK_QUEUE } from '../../contracts/task-queues';
import { startOfflineModel } from '../offline/model-server';
import { runExample } from '../run-example';
import { AgentLogs } from './agent-logs';
import { Patience } from './patience';
import { playBusyPool } from './play';
import { POOLS, writeAgents } from './pools';

/** Every session busy, fifty prompts in the queue: who goes first, who goes elsewhere, and that none is lost. */
async function busyPool(io: Io): Promise<void> {
  if (programOnPath('tmux', io.env) === undefined) {
    throw new UserError('This example shows sessions in terminals, and there is no tmux on the PATH.', 'Install tmux.');
  }
  const home = mkdtempSync(path.join(tmpdir(), 'gantry-busy-pool-'));
  const tmuxSocket = `gantry-busy-pool-${process.pid}`;
  const patience = new Patience();
  const model = await startOfflineModel({ script: (messages) => patience.answer(messages) });
  const logs = new AgentLogs(home);
  let failed = true;
  try {
    const serving = await serveLocally({
      ...{ home, say: (line: string) => io.stderr.write(`${line}\n`) },
      env: { ...io.env, GANTRY_OFFLINE_MODEL_URL: model.url, GANTRY_TMUX_SOCKET: tmuxSocket },
      ...{ taskQueue: DEFAULT_TASK_QUEUE, namespace: 'default', storage: 'file', workers: 1, offline: false },
      ...{ agents: writeAgents(home, logs), pools: POOLS },
    });
    const { address, namespace } = serving.target;
    const cli = new Cli(io, () => ({ home, address, namespace }));
    try {
      io.stdout.write(`Web UI   ${serving.server.ui}\nWatch    tmux -L ${tmuxSocket} attach -t local-codex-1\n\n`);
      const ok = await playBusyPool(cli, { patience, logs });
      failed = !ok;
      if (io.signal.aborted) throw new InterruptedError('Interrupted.');
      if (!ok) throw new FailedError('Not all of it is as it should be: see above.', `Logs: ${serving.logs}`);
    } finally {
      await cli.close();
      await serving.stop();
      // Fails when there is no such server: then nothing is left of it either.
      await promisify(execFile)('tmux', ['-L', tmuxSocket, 'kill-server']).catch(() => undefined);
    }
  } finally {
    await model.close();
    // When something went wrong its logs are to be read.
    if (!failed || io.signal.aborted) rmSync(home, { recursive: true, force: true });
  }
}

void runExample(busyPool);
