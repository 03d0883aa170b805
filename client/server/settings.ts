import { SEARCH_ATTRIBUTES } from '../../contracts/search-attributes';

/**
 * How gantry wants its Temporal server: the embedded one is started with these, `docker-compose.temporal.yml` must
 * carry the same (a test compares them), and the benchmarks use them.
 */
export const SERVER_SETTINGS = {
  /** The release `go install` can build: later ones carry a replace directive. */
  cliVersion: '1.5.1',
  /** From this server on, priorities need no setting. */
  priorityByDefaultSince: '1.31.0',

  dynamicConfig: {
    // SQL visibility keeps ids in VARCHAR(255): a longer one must be refused at the door, not lost behind it.
    'limit.maxIDLength': 255,
    // Strict priorities and fair shares hold within one partition of a queue and with the new matcher only.
    'matching.useNewMatcher': true,
    'matching.enableFairness': true,
    // Temporal orders five levels by itself and mixes all that are less urgent in the fifth; contracts/priority.ts has ten.
    'matching.priorityLevels': 10,
    'matching.numTaskqueueReadPartitions': 1,
    'matching.numTaskqueueWritePartitions': 1,
    // By default a shard reads its queues 20 times a second, and every step waits for its turn: 5 steps take 5 times
    // as long. docs/performance.md has what each of these is worth, and what else was tried.
    'history.transferProcessorMaxPollRPS': 1000,
    'history.timerProcessorMaxPollRPS': 1000,
    // An activity on the workflow's own queue starts with the answer to the workflow task.
    'system.enableActivityEagerExecution': true,
    // `gantry list` and the Web UI share this budget; the default of a real server is 10.
    'frontend.namespaceRPS.visibility': 100,
  },

  /**
   * A commit is one append and waits for the disk only at a checkpoint: a killed server loses nothing, a power cut at
   * most the last moments. Without WAL a server does 0.4 times as much; `synchronous=OFF` gains nothing more.
   */
  sqlitePragmas: { journal_mode: 'WAL', synchronous: 'NORMAL' },

  searchAttributes: Object.values(SEARCH_ATTRIBUTES).map(({ name, type }) => ({
    name,
    type: type === 'KEYWORD' ? 'Keyword' : 'Double',
  })),
} as const;

/** The part of {@link SERVER_SETTINGS} that a server is started with; benchmarks try others. */
export interface ServerSettings {
  readonly dynamicConfig: Readonly<Record<string, string | number | boolean>>;
  readonly sqlitePragmas: Readonly<Record<string, string>>;
  readonly searchAttributes: readonly { readonly name: string; readonly type: string }[];
}

export interface DevServerFlags {
  readonly ip: string;
  readonly port: number;
  /** Absent: no Web UI. */
  readonly uiPort?: number;
  readonly namespace: string;
  /** Absent: nothing survives the process. */
  readonly dbFile?: string;
}

/** The arguments of `temporal` that start a server the way {@link SERVER_SETTINGS} says. */
export function devServerArguments(flags: DevServerFlags, settings: ServerSettings = SERVER_SETTINGS): string[] {
  const { dynamicConfig, sqlitePragmas, searchAttributes } = settings;
  return [
    ...['server', 'start-dev', '--ip', flags.ip, '--port', String(flags.port), '--namespace', flags.namespace],
    ...(flags.uiPort === undefined ? ['--headless'] : ['--ui-port', String(flags.uiPort)]),
    ...(flags.dbFile === undefined ? [] : ['--db-filename', flags.dbFile]),
    ...(flags.dbFile === undefined ? [] : each('--sqlite-pragma', sqlitePragmas)),
    ...searchAttributes.flatMap(({ name, type }) => ['--search-attribute', `${name}=${type}`]),
    ...each('--dynamic-config-value', dynamicConfig),
    ...['--log-level', 'warn', '--color', 'never'],
  ];
}

function each(flag: string, values: Readonly<Record<string, unknown>>): string[] {
  return Object.entries(values).flatMap(([key, value]) => [flag, `${key}=${String(value)}`]);
}
