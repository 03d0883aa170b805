import { mkdtemp, readdir, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { createHost, type HostOptions } from '../../activities/host-activities';
import type { Host } from '../../activities/host';
import type { Attempt } from '../../activities/heartbeat';
import { stopTree } from '../../activities/processes/supervised';
import { createSecrets } from '../../activities/secrets/secrets';

/** A directory of its own for a test, by its real path. */
export async function temporaryDirectory(): Promise<string> {
  return realpath(await mkdtemp(join(tmpdir(), 'gantry-test-')));
}

/** What a host of a test is made from; the canary is a secret that must never be seen anywhere. */
export function hostOptions(root: string, overrides: Partial<HostOptions> = {}): HostOptions {
  return {
    home: join(root, 'home'),
    secrets: createSecrets({ DEPLOY_TOKEN: CANARY }),
    environment: { ...process.env, XDG_CONFIG_HOME: root, HOME: root },
    log: { info: () => undefined, warn: () => undefined },
    ...overrides,
  };
}

export const CANARY = 'canary-7f3a9c51-value';

export function temporaryHost(root: string, overrides: Partial<HostOptions> = {}): Host {
  return createHost(hostOptions(root, overrides));
}

/** Nobody cancels. */
export const UNDISTURBED: Attempt = { signal: new AbortController().signal, stopRequested: () => false };

/** Remove a test's directory, and every process that a command or service of it left running. */
export async function removeTemporary(root: string): Promise<void> {
  const names = await readdir(root, { recursive: true });
  for (const name of names.filter((entry) => basename(entry) === 'claim')) {
    await stopTree(join(root, dirname(name)), { graceMs: 0 });
  }
  await rm(root, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
}
