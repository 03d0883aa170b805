import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { SERVER_SETTINGS } from '../client/server/settings';
import type { BenchContext } from './benchmark';
import type { Report } from './figures';
import { pairsOf, takeTurns } from './rounds';
import { startBenchServer } from './server-process';

const ROOT = join(__dirname, '..', '..');

/** How long it takes until something is there, everything being built and in the disk's cache. */
export async function benchStart(context: BenchContext): Promise<Report> {
  context.say('start: commands and servers');
  const rounds = context.quick ? 2 : 10;
  const node = () => runProgram(['-e', '0']);
  const command = join(ROOT, 'dist', 'client', 'cli', 'main.js');
  const fromClone = join(ROOT, 'scripts', 'bootstrap.mjs');
  const cli = await takeTurns(rounds, () => runProgram([command, '--version']), node);
  const clone = await takeTurns(rounds, () => runProgram([fromClone, 'gantry', '--version']), node);
  let servers = 0;
  const server = async (settings?: typeof SERVER_SETTINGS): Promise<number> => {
    const directory = join(context.directory, `start-${(servers += 1)}`);
    const began = performance.now();
    const running = await startBenchServer({ ...context, directory, ...(settings && { settings }) });
    const serving = performance.now() - began;
    await running.stop();
    return serving;
  };
  const serving = await takeTurns(
    context.quick ? 1 : 4,
    () => server(SERVER_SETTINGS),
    () => server(),
  );
  const itself = (ms: number): number => ms;
  return {
    benchmark: 'start',
    ours: '`gantry --version`, built and from the clone; a new server as `gantry dev` starts it',
    theirs: "`node -e 0`; a new server with the Temporal CLI's defaults",
    figures: [
      { name: 'gantry --version', unit: 'ms', pairs: pairsOf(cli, itself) },
      { name: 'npm run gantry -- --version, less npm', unit: 'ms', pairs: pairsOf(clone, itself) },
      { name: 'server, from nothing to serving', unit: 'ms', pairs: pairsOf(serving, itself) },
    ],
  };
}

async function runProgram(args: readonly string[]): Promise<number> {
  const began = performance.now();
  await once(spawn(process.execPath, args, { cwd: ROOT, stdio: 'ignore' }), 'exit');
  return performance.now() - began;
}
