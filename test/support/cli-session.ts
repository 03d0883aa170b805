import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import { runCli } from '../../client/cli/run-cli';

export interface Said {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** The CLI in this process, with a home, a folder and an environment of its own. */
export class CliSession {
  readonly folder = mkdtempSync(path.join(tmpdir(), 'gantry-cli-'));
  readonly interrupt = new AbortController();

  constructor(private readonly env: Readonly<Record<string, string>> = {}) {}

  async run(...argv: string[]): Promise<Said> {
    const said = { out: '', err: '' };
    const code = await runCli(argv, {
      stdout: { write: (text) => (said.out += text) },
      stderr: { write: (text) => (said.err += text) },
      stdin: Readable.from([]),
      // A configuration of the machine's must not lead the tests to a real server.
      env: {
        PATH: process.env['PATH'],
        GANTRY_HOME: path.join(this.folder, 'home'),
        TEMPORAL_CONFIG_FILE: path.join(this.folder, 'none.toml'),
        ...this.env,
      },
      cwd: this.folder,
      // Of this invocation's own: nothing it listens for outlives it.
      signal: AbortSignal.any([this.interrupt.signal]),
    });
    return { code, ...said };
  }

  end(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
