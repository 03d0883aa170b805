import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { programOnPath } from '../program-on-path';
import { freePort } from './start-server';
import { offlineModelProgram } from './programs';
import { supervise } from './supervise';

export interface Offline {
  /** Where the model listens, as `GANTRY_OFFLINE_MODEL_URL` wants it. */
  readonly modelUrl: string;
  /** The agents file that adds the agent `offline` to those configured. */
  readonly agents: string;
  /** `headless` where there is no tmux to watch the agent in. */
  readonly backend: 'tmux' | 'headless';
  stop(): Promise<void>;
}

const READY_MS = 30_000;

/** Start the model that answers from a script, and configure the agent that asks it. */
export async function startOffline(options: {
  readonly home: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly logs: string;
  readonly agents?: string;
  readonly onStart: (pid: number) => void;
}): Promise<Offline> {
  const { home, env, logs } = options;
  const backend = programOnPath('tmux', env) === undefined ? 'headless' : 'tmux';
  const port = await freePort();
  const modelUrl = `http://127.0.0.1:${port}`;
  const model = supervise({
    program: process.execPath,
    args: [offlineModelProgram(), String(port)],
    env: { ...env },
    logFile: path.join(logs, 'offline-model.log'),
    onStart: options.onStart,
  });
  const agents = path.join(home, 'agents.offline.json');
  writeFileSync(
    agents,
    `${JSON.stringify({ ...configuredAgents(options.agents), offline: { kind: 'offline', backend } }, null, 2)}\n`,
  );
  await untilAnswering(modelUrl);
  return { modelUrl: `${modelUrl}/v1`, agents, backend, stop: () => model.stop() };
}

function configuredAgents(file: string | undefined): object {
  if (file === undefined) return { claude: { kind: 'claude' }, codex: { kind: 'codex' } };
  return JSON.parse(readFileSync(file, 'utf8')) as object;
}

/** Any answer will do: it only has to be there before the first stage asks. */
async function untilAnswering(url: string): Promise<void> {
  for (const deadline = Date.now() + READY_MS; Date.now() < deadline;) {
    const answered = await fetch(url).then(
      () => true,
      () => false,
    );
    if (answered) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`The offline model does not answer at ${url}.`);
}
