import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { findTemporalCli } from '../client/server/find-temporal';
import type { Benchmark } from './benchmark';
import { bundleWorkflows } from './bundles';
import type { Report } from './figures';
import { benchGateway } from './gateway';
import { lookAtMachine } from './machine';
import { benchPipelines } from './pipelines';
import { printReports } from './print';
import { benchRecovery } from './recovery';
import { benchServer } from './server';
import { benchSessions, SESSION_PARTS } from './sessions';
import { benchSettings } from './settings';
import { benchStart } from './start';
import { benchTasks } from './tasks';

const BENCHMARKS: Readonly<Record<string, Benchmark>> = {
  pipelines: benchPipelines,
  server: benchServer,
  recovery: benchRecovery,
  start: benchStart,
  settings: benchSettings,
  sessions: benchSessions,
  gateway: benchGateway,
  tasks: benchTasks,
};

/** Each takes many minutes. */
const ONLY_WHEN_NAMED: readonly string[] = ['settings', 'sessions', 'tasks'];

const USAGE = `Usage: npm run bench [-- NAME… --quick --parts LIST --dispatches COUNT --json FILE]

NAME is one of ${Object.keys(BENCHMARKS).join(', ')}; without one, all run but ${ONLY_WHEN_NAMED.join(' and ')}.
--quick             few rounds: shows that everything works, and no figure to quote
--parts LIST        of sessions, with commas between: ${SESSION_PARTS.join(', ')}
--dispatches COUNT  of sessions: prompts sent while agents, hosts and terminals are killed (default 1000)
--json FILE         also write every pair that was measured`;

/** Run the benchmarks that were named, or all, and print what each found. Nothing here passes or fails. */
async function main(): Promise<void> {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: {
      quick: { type: 'boolean', default: false },
      json: { type: 'string' },
      help: { type: 'boolean' },
      parts: { type: 'string', default: '' },
      dispatches: { type: 'string', default: '1000' },
    },
  });
  if (values.help) return console.log(USAGE);
  const unknown = positionals.find((name) => !(name in BENCHMARKS));
  if (unknown !== undefined) throw new Error(`There is no benchmark "${unknown}".\n${USAGE}`);

  const say = (line: string): void => console.error(`bench: ${line}`);
  const { path: temporal } = await findTemporalCli({ env: process.env, progress: say, install: true });
  const directory = mkdtempSync(join(tmpdir(), 'gantry-bench-'));
  try {
    const lookAgain = lookAtMachine(temporal);
    const bundles = await bundleWorkflows(directory);
    const context = {
      ...{ temporal, directory, env: process.env, quick: values.quick, bundles, say },
      parts: values.parts.split(',').filter((part) => part !== ''),
      dispatches: Number(values.dispatches),
    };
    const reports: Report[] = [];
    for (const [name, benchmark] of Object.entries(BENCHMARKS)) {
      const wanted = positionals.length === 0 ? !ONLY_WHEN_NAMED.includes(name) : positionals.includes(name);
      if (wanted) reports.push(await benchmark(context));
    }
    const machine = lookAgain();
    console.log(printReports(machine, reports));
    if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify({ machine, reports }, null, 2)}\n`);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

main().then(
  () => process.exit(0),
  (error: unknown) => {
    console.error(`bench: ${error instanceof Error ? error.message : String(error)}`);
    process.exit(1);
  },
);
