import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { cachedCliPath, findTemporalCli } from '../../../client/server/find-temporal';

let folder: string;
beforeEach(() => (folder = mkdtempSync(path.join(tmpdir(), 'gantry-find-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A program that answers `--version` as the Temporal CLI does, or another. */
function program(file: string, says = 'temporal version 1.5.1 (Server 1.29.1, UI 2.42.1)'): string {
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, `#!/bin/sh\necho "${says}"\n`);
  chmodSync(file, 0o755);
  return file;
}

const environment = (more: Record<string, string> = {}) => ({
  PATH: path.join(folder, 'bin'),
  XDG_CACHE_HOME: path.join(folder, 'cache'),
  ...more,
});

function find(env: Record<string, string>, options: { install?: boolean; lines?: string[] } = {}) {
  const progress = (line: string) => void options.lines?.push(line);
  return findTemporalCli({ env, progress, install: options.install ?? false });
}

describe('the order', () => {
  it('the configured one comes before the one on PATH, and that before the cached one', async () => {
    const configured = program(path.join(folder, 'mine', 'temporal'));
    const onPath = program(path.join(folder, 'bin', 'temporal'));
    const cached = program(cachedCliPath(environment()));
    await expect(find(environment({ GANTRY_TEMPORAL_CLI: configured }))).resolves.toMatchObject({ path: configured });
    await expect(find(environment())).resolves.toEqual({ path: onPath, source: 'PATH', serverVersion: '1.29.1' });
    rmSync(onPath);
    await expect(find(environment())).resolves.toMatchObject({ path: cached, source: 'cache' });
  });

  it('a program of that name that is no Temporal CLI is passed over', async () => {
    program(path.join(folder, 'bin', 'temporal'), 'a clock');
    const cached = program(cachedCliPath(environment()));
    await expect(find(environment())).resolves.toMatchObject({ path: cached });
  });

  it('a configured one that is none is an error, not a reason to take another', async () => {
    program(path.join(folder, 'bin', 'temporal'));
    await expect(find(environment({ GANTRY_TEMPORAL_CLI: path.join(folder, 'none') }))).rejects.toMatchObject({
      exit: 'usage',
      message: expect.stringContaining('GANTRY_TEMPORAL_CLI') as string,
    });
  });
});

describe('when there is none', () => {
  // Nobody listens on port 1: the download fails at once, whatever network there is.
  const shut = () => environment({ HTTPS_PROXY: 'http://127.0.0.1:1', https_proxy: 'http://127.0.0.1:1' });

  it('Go builds one into the cache, whole or not at all', async () => {
    const go = program(path.join(folder, 'bin', 'go'));
    writeFileSync(
      go,
      `#!/bin/sh\nprintf '#!/bin/sh\\necho "temporal version 1.5.1 (Server 1.29.1)"\\n' > "$GOBIN/temporal"\n/bin/chmod 755 "$GOBIN/temporal"\n`,
    );
    const lines: string[] = [];
    const found = await find(shut(), { install: true, lines });
    expect(found).toEqual({ path: cachedCliPath(shut()), source: 'go install', serverVersion: '1.29.1' });
    expect(lines.join('\n')).toContain('building with Go');
  });

  it('a build that fails leaves nothing that looks finished, and the error says how to get one', async () => {
    const go = program(path.join(folder, 'bin', 'go'));
    writeFileSync(go, '#!/bin/sh\necho half > "$GOBIN/temporal"\necho "no network" >&2\nexit 1\n');
    await expect(find(shut(), { install: true })).rejects.toMatchObject({
      message: expect.stringContaining('no network') as string,
      hint: expect.stringContaining('GANTRY_TEMPORAL_CLI') as string,
    });
    expect(existsSync(cachedCliPath(shut()))).toBe(false);
  });
});
