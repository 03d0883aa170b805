import { spawn } from 'node:child_process';
import { copyFileSync, chmodSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';

/** Long enough for 60 MB on a slow line, once it has begun; a network that is shut fails at once. */
const DOWNLOAD_MS = 60_000;

// Runs in a process of its own: the SDK's native part offers no way to give up, and a shut firewall answers nothing.
const DOWNLOADER = `
const { TestWorkflowEnvironment } = require(process.argv[1]);
TestWorkflowEnvironment.createLocal({ server: { executable: { type: 'cached-download', downloadDir: process.argv[2] } } })
  .then((environment) => environment.teardown())
  .then(() => process.exit(0), (error) => { console.error(String(error.message ?? error)); process.exit(1); });
`;

/** Let the Temporal SDK download the CLI it was made for. Says why when it did not work. */
export async function downloadWithSdk(options: {
  readonly into: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}): Promise<string | undefined> {
  const folder = path.dirname(options.into);
  mkdirSync(path.dirname(folder), { recursive: true });
  const downloads = mkdtempSync(`${folder}.download-`);
  try {
    const problem = await runDownloader(downloads, options.env);
    const program = readdirSync(downloads).find((name) => name.startsWith('temporal'));
    // The server that the SDK starts to see whether it works may fail where the download itself is fine.
    if (!program) return problem ?? 'nothing was downloaded';
    mkdirSync(folder, { recursive: true });
    copyFileSync(path.join(downloads, program), `${options.into}.new`);
    chmodSync(`${options.into}.new`, 0o755);
    renameSync(`${options.into}.new`, options.into);
    return undefined;
  } finally {
    rmSync(downloads, { recursive: true, force: true });
  }
}

function runDownloader(folder: string, env: Readonly<Record<string, string | undefined>>): Promise<string | undefined> {
  const sdk = createRequire(__filename).resolve('@temporalio/testing');
  const child = spawn(process.execPath, ['-e', DOWNLOADER, sdk, folder], {
    env: { ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
    timeout: DOWNLOAD_MS,
    killSignal: 'SIGKILL',
  });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (said = (said + chunk).slice(-300)));
  return new Promise((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('close', (code, signal) =>
      resolve(code === 0 ? undefined : signal ? 'no answer in a minute' : said.trim().split('\n').at(-1)),
    );
  });
}
