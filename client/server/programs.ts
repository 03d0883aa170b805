import { existsSync } from 'node:fs';
import path from 'node:path';
import { UserError } from '../faults';

// Programs of other rooms that the client starts as processes. Their code is never loaded here.

/** The compiled worker. Fails: UserError when gantry is not built. */
export function workerProgram(): string {
  return compiled('workers/main.js');
}

/** The compiled gateway. Fails: UserError when gantry is not built. */
export function gatewayProgram(): string {
  return compiled('workers/gateway/main.js');
}

/** Reads a history from standard input and says whether the workflows of today would do the same. */
export function replayProgram(): string {
  return compiled('workers/replay.js');
}

/** The model that answers from a script, for whoever has neither key nor model. */
export function offlineModelProgram(): string {
  return compiled('examples/offline/serve.js');
}

/** From dist/client/server to dist/; from client/server, where tests run the sources, to dist/ too. */
function compiled(file: string): string {
  const root = path.resolve(__dirname, '..', '..');
  const found = [path.join(root, file), path.join(root, 'dist', file)].find((candidate) => existsSync(candidate));
  if (found !== undefined) return found;
  throw new UserError(`${file} is not built.`, 'Build gantry with `npm run build`.');
}
