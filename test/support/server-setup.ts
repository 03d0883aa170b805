import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DefaultLogger, bundleWorkflowCode } from '@temporalio/worker';
import { findTemporalCli } from '../../client/server/find-temporal';
import { startServer, type RunningServer } from '../../client/server/start-server';

/** What `server-teardown` ends: set here, in the process that runs both. */
declare global {
  var gantryTestServer: RunningServer | undefined;
}

/** One Temporal server and one workflow bundle for all server tests; those that kill a server start their own. */
export default async function setUp(): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'gantry-test-'));
  const cli = await findTemporalCli({ env: process.env, progress: (line) => console.error(line), install: true });
  const [server, { code }] = await Promise.all([
    startServer({ executable: cli.path, logFile: join(directory, 'server.log'), uiPort: false }),
    bundleWorkflowCode({
      workflowsPath: require.resolve('../../workflows'),
      preloadModules: [require.resolve('../../contracts/expressions')], // as the build does
      logger: new DefaultLogger('WARN'),
    }),
  ]);
  const bundle = join(directory, 'workflow-bundle.js');
  writeFileSync(bundle, code);
  globalThis.gantryTestServer = server;
  process.env['GANTRY_TEMPORAL_CLI'] = cli.path;
  process.env['GANTRY_TEST_ADDRESS'] = server.address;
  process.env['GANTRY_WORKFLOW_BUNDLE'] = bundle;
}
