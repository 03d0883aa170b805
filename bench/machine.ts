import { execFileSync } from 'node:child_process';
import { cpus, loadavg, platform, release, totalmem } from 'node:os';
import { performance } from 'node:perf_hooks';

/** Where and when the figures were made: without these, absolute numbers say nothing. */
export interface Machine {
  readonly at: string;
  readonly node: string;
  readonly system: string;
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGb: number;
  readonly temporal: string;
  /** Of the last minute, as the figures began and as they ended. */
  readonly load: readonly [begin: number, end: number];
  /** A fixed piece of computing, in ms, before and after: how fast the machine was meanwhile. */
  readonly spinMs: readonly [begin: number, end: number];
}

/** Look at the machine now; the returned function looks again at the end. */
export function lookAtMachine(temporal: string): () => Machine {
  const at = new Date().toISOString();
  const [model] = cpus();
  const begin = { load: loadavg()[0]!, spin: spin() };
  const version = execFileSync(temporal, ['--version'], { encoding: 'utf8' }).trim();
  return () => ({
    at,
    node: process.version,
    system: `${platform()} ${release()}`,
    cpu: model?.model ?? 'unknown',
    cores: cpus().length,
    memoryGb: Math.round(totalmem() / 2 ** 30),
    temporal: version,
    load: [begin.load, loadavg()[0]!],
    spinMs: [begin.spin, spin()],
  });
}

function spin(): number {
  const began = performance.now();
  let sum = 0;
  for (let index = 0; index < 30_000_000; index += 1) sum = (sum + index * 31) % 1_000_003;
  return sum < 0 ? NaN : performance.now() - began;
}
