import { readFileSync } from 'node:fs';
import { createHost } from '../../activities/host-activities';
import { createSecrets } from '../../activities/secrets/secrets';
import type { VisitInput } from '../../activities/sessions/dispatch/place';
import { visitWorkspace } from '../../activities/workspaces/visit-workspace';

// One visit of a host in a process of its own, to be killed: `node visit-once.js request.json`.

export interface VisitRequest {
  readonly home: string;
  readonly input: VisitInput;
  readonly then?: 'publish' | 'checkpoint' | 'leave';
}

const { home, input, then } = JSON.parse(readFileSync(process.argv[2]!, 'utf8')) as VisitRequest;
const log = { info: () => undefined, warn: () => undefined };
const host = createHost({ home, secrets: createSecrets({}), environment: process.env, log });
const attempt = { signal: new AbortController().signal, stopRequested: () => false };
visitWorkspace(host, input, attempt)
  .then((visit) => then && visit[then]())
  .catch((error: unknown) => {
    process.stderr.write(String(error));
    process.exitCode = 1;
  });
