import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import { formatDuration } from '../../contracts/duration';
import { programOnPath } from '../program-on-path';

const MODULE = 'github.com/temporalio/cli/cmd/temporal';
/** Packages the program is made of, roughly: for the progress line only. */
const PACKAGES = 2_000;
const REPORT_EVERY_MS = 5_000;

/** Build the Temporal CLI from its sources: minutes of both cores, once. Says why when it did not work. */
export async function installWithGo(options: {
  readonly into: string;
  readonly version: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly progress: (line: string) => void;
}): Promise<string | undefined> {
  const go = programOnPath('go', options.env);
  if (!go) return 'Go is not on the PATH';
  const folder = path.dirname(options.into);
  mkdirSync(folder, { recursive: true });
  // Built beside its place and moved there whole, so that an interrupted build leaves nothing that looks finished.
  const building = mkdtempSync(`${folder}.building-`);
  try {
    const problem = await runGo(go, building, options);
    if (problem === undefined) renameSync(path.join(building, 'temporal'), options.into);
    return problem;
  } finally {
    rmSync(building, { recursive: true, force: true });
  }
}

function runGo(
  go: string,
  bin: string,
  {
    version,
    env,
    progress,
  }: { version: string; env: Readonly<Record<string, string | undefined>>; progress(line: string): void },
): Promise<string | undefined> {
  const startedAt = Date.now();
  let compiled = 0;
  let lastLine = '';
  const child = spawn(go, ['install', '-v', '-trimpath', '-ldflags', '-s -w', `${MODULE}@v${version}`], {
    env: { ...env, GOBIN: bin },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const report = () => {
    const share = Math.min(99, Math.round((compiled / PACKAGES) * 100));
    progress(`Temporal CLI ${version}: building with Go, about ${share} %, ${formatDuration(Date.now() - startedAt)}`);
  };
  report();
  const timer = setInterval(report, REPORT_EVERY_MS);
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    const lines = chunk.split('\n').filter((line) => line !== '');
    compiled += lines.length;
    lastLine = lines.at(-1) ?? lastLine;
  });
  return new Promise<string | undefined>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('close', (code) => resolve(code === 0 ? undefined : `go install ended with ${code}: ${lastLine}`));
  }).finally(() => clearInterval(timer));
}
