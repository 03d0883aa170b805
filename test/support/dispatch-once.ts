import { readFileSync } from 'node:fs';
import { MockActivityEnvironment } from '@temporalio/testing';
import type { DispatchInput } from '../../contracts/activities';
import { agentsConfig } from '../../contracts/schemas/agents';
import { createArtifactStore } from '../../activities/artifacts/artifact-store';
import { createAgentActivities } from '../../activities/sessions/agent-activities';
import { createRedactor } from '../../activities/secrets/redactor';
import { createSecrets } from '../../activities/secrets/secrets';

// One attempt of the activity in a process of its own, which may be told to kill itself when it sees a receipt:
// `node dispatch-once.js request.json`.

export interface DispatchRequest {
  readonly home: string;
  readonly socket: string;
  readonly agents: unknown;
  readonly input: DispatchInput;
  readonly dieAt?: string;
}

async function main(): Promise<void> {
  const { home, socket, agents, input, dieAt } = JSON.parse(readFileSync(process.argv[2]!, 'utf8')) as DispatchRequest;
  const store = createArtifactStore(`${home}/artifacts`);
  const { dispatchPrompt } = createAgentActivities({
    home,
    tmux: { socket },
    agents: agentsConfig.parse(agents),
    storeText: (text) => store.storeText(text),
    readText: (text) => store.readText(text),
    redactor: createRedactor([]),
    secrets: createSecrets({}),
    environment: process.env,
    runCommand: () => Promise.reject(new Error('no command here')),
    log: {
      info: (_, attributes) => {
        if (dieAt !== undefined && attributes?.['receipt'] === dieAt) process.kill(process.pid, 'SIGKILL');
      },
    },
  });
  const result = await new MockActivityEnvironment().run(dispatchPrompt, input);
  process.stdout.write(JSON.stringify(result));
}

main().catch((error: unknown) => {
  process.stderr.write(String(error));
  process.exitCode = 1;
});
