import { join } from 'node:path';
import { SERVER_SETTINGS, type ServerSettings } from '../client/server/settings';
import type { BenchContext } from './benchmark';
import type { Figure, Report } from './figures';
import { compareServers } from './server';
import type { BenchServerOptions } from './server-process';

/** One change to the server `gantry dev` starts: what is taken away from its settings, or tried on top of them. */
interface Variant {
  readonly name: string;
  readonly without?: readonly string[];
  readonly dynamicConfig?: ServerSettings['dynamicConfig'];
  readonly sqlitePragmas?: ServerSettings['sqlitePragmas'];
  readonly env?: Readonly<Record<string, string>>;
}

const VARIANTS: readonly Variant[] = [
  { name: 'nothing changed (the noise)' },
  { name: 'without transferProcessorMaxPollRPS', without: ['history.transferProcessorMaxPollRPS'] },
  { name: 'without timerProcessorMaxPollRPS', without: ['history.timerProcessorMaxPollRPS'] },
  { name: 'without eager activities', without: ['system.enableActivityEagerExecution'] },
  { name: 'without new matcher and fairness', without: ['matching.useNewMatcher', 'matching.enableFairness'] },
  {
    name: 'without one partition',
    without: ['matching.numTaskqueueReadPartitions', 'matching.numTaskqueueWritePartitions'],
  },
  { name: 'without WAL', without: ['journal_mode'] },
  { name: 'without synchronous=NORMAL', without: ['synchronous'] },
  { name: 'synchronous=OFF', sqlitePragmas: { synchronous: 'OFF' } },
  { name: 'locking_mode=EXCLUSIVE', sqlitePragmas: { locking_mode: 'EXCLUSIVE' } },
  { name: 'cache_size 64 MB', sqlitePragmas: { cache_size: '-65536' } },
  { name: 'mmap_size 256 MB', sqlitePragmas: { mmap_size: '268435456' } },
  { name: 'temp_store=MEMORY', sqlitePragmas: { temp_store: 'MEMORY' } },
  { name: 'wal_autocheckpoint 10000 pages', sqlitePragmas: { wal_autocheckpoint: '10000' } },
  { name: 'visibilityProcessorMaxPollRPS=1000', dynamicConfig: { 'history.visibilityProcessorMaxPollRPS': 1000 } },
  { name: 'visibilityProcessorMaxPollRPS=5', dynamicConfig: { 'history.visibilityProcessorMaxPollRPS': 5 } },
  {
    name: 'persistence QPS 100000',
    dynamicConfig: {
      'history.persistenceMaxQPS': 100_000,
      'frontend.persistenceMaxQPS': 100_000,
      'matching.persistenceMaxQPS': 100_000,
    },
  },
  { name: 'no Nexus', dynamicConfig: { 'system.enableNexus': false } },
  {
    name: 'no scanners',
    dynamicConfig: { 'worker.taskQueueScannerEnabled': false, 'worker.historyScannerEnabled': false },
  },
  {
    name: 'no breakdown in metrics',
    dynamicConfig: {
      'metrics.breakdownByTaskQueue': false,
      'metrics.breakdownByPartition': false,
      'metrics.breakdownByBuildID': false,
      'system.persistenceHealthSignalMetricsEnabled': false,
    },
  },
  { name: 'host-level events cache', dynamicConfig: { 'history.enableHostLevelEventsCache': true } },
  { name: 'GOGC=400', env: { GOGC: '400' } },
];

/** What each setting of the server is worth, and what others would be: one change at a time. Takes a quarter hour. */
export async function benchSettings(context: BenchContext): Promise<Report> {
  const figures: Figure[] = [];
  for (const [index, variant] of VARIANTS.entries()) {
    context.say(`settings: ${variant.name}`);
    const directory = join(context.directory, `settings-${index}`);
    const asIs = { ...context, directory: join(directory, 'as-is'), settings: SERVER_SETTINGS };
    const size = context.quick ? { rounds: 2, runs: 5 } : { rounds: 6, runs: 15 };
    const compared = await compareServers(context, changed(asIs, variant, directory), asIs, size);
    figures.push(...compared.map((figure) => ({ ...figure, name: `${variant.name}: ${figure.name}` })));
  }
  return {
    benchmark: 'settings',
    ours: 'the server as `gantry dev` starts it with one change, 5 hand-written steps',
    theirs: 'the same server without the change',
    figures,
  };
}

function changed(asIs: BenchServerOptions, variant: Variant, directory: string): BenchServerOptions {
  const { dynamicConfig, sqlitePragmas, searchAttributes } = SERVER_SETTINGS;
  const kept = <T>(settings: Readonly<Record<string, T>>): Record<string, T> =>
    Object.fromEntries(Object.entries(settings).filter(([key]) => variant.without?.includes(key) !== true));
  return {
    ...asIs,
    directory: join(directory, 'changed'),
    env: { ...asIs.env, ...variant.env },
    settings: {
      dynamicConfig: { ...kept(dynamicConfig), ...variant.dynamicConfig },
      sqlitePragmas: { ...kept(sqlitePragmas), ...variant.sqlitePragmas },
      searchAttributes,
    },
  };
}
