import { Fault } from '../faults';
import { SERVER_SETTINGS } from '../server/settings';
import type { Target } from '../target';
import { Temporal } from '../temporal';
import { examineProviders } from './examine-providers';
import { examineSessions } from './examine-sessions';
import { fail, ok, warn, type Finding } from './finding';

/** What the Temporal server has of what gantry needs. With `fix`, what is missing and can be made is made. */
export async function examineTemporal(
  target: Target,
  options: {
    readonly user: string;
    readonly fix: boolean;
    readonly agents: readonly string[];
    /** Whose budgets are looked at; absent: nobody knows, because the configuration cannot be read. */
    readonly organisation: string | undefined;
  },
): Promise<Finding[]> {
  let temporal: Temporal;
  try {
    temporal = await Temporal.connect(target, options.user);
  } catch (error) {
    return [fromFault('Temporal', error)];
  }
  try {
    const version = await temporal.server.version();
    const server = ok('Temporal', `server ${version} at ${target.address} (from ${target.source})`);
    const namespace = await attempt('Namespace', async () => {
      await temporal.server.checkNamespace();
      return ok('Namespace', target.namespace);
    });
    if (namespace.level !== 'ok') return [server, namespace];
    return [
      server,
      namespace,
      await attempt('Search attributes', () => searchAttributes(temporal, options.fix)),
      priorities(version, target.source === 'gantry dev'),
      await attempt('Workers', () => workers(temporal, target)),
      ...(await providers(temporal, options.organisation)),
      ...(await examineSessions(temporal, options.agents).catch((error: unknown) => [fromFault('Sessions', error)])),
    ];
  } catch (error) {
    return [fromFault('Temporal', error)];
  } finally {
    await temporal.close();
  }
}

async function providers(temporal: Temporal, organisation: string | undefined): Promise<Finding[]> {
  if (organisation === undefined) return [];
  return examineProviders(temporal, organisation).catch((error: unknown) => [fromFault('Providers', error)]);
}

async function searchAttributes(temporal: Temporal, fix: boolean): Promise<Finding> {
  const missing = await temporal.server.missingSearchAttributes();
  if (missing.length === 0) return ok('Search attributes', 'registered');
  if (!fix)
    return fail('Search attributes', `missing: ${missing.join(', ')}`, 'Register them with `gantry doctor --fix`.');
  await temporal.server.registerSearchAttributes(missing);
  return ok('Search attributes', `registered now: ${missing.join(', ')}`);
}

/**
 * The settings that order queues cannot be read from outside; the server's version says which must be set. Where
 * nobody set the levels, Temporal keeps five: the prompts of priority 6 and below are then one crowd.
 */
export function priorities(version: string, ours: boolean): Finding {
  const { priorityByDefaultSince } = SERVER_SETTINGS;
  if (ours) return ok('Priorities', '10 levels in order, and fair between projects: gantry set this server up');
  const matcher = isOlder(version, priorityByDefaultSince)
    ? `server ${version} orders queues only with matching.useNewMatcher=true; `
    : '';
  return warn(
    'Priorities',
    `${matcher}priorities 6 to 1 are told apart only with matching.priorityLevels=10, and projects get fair shares only with matching.enableFairness=true`,
    SET_THEM,
  );
}

const SET_THEM =
  'Set them and one partition (matching.numTaskqueueReadPartitions and WritePartitions = 1), as docker-compose.temporal.yml does; nobody can see from here whether they are.';

function isOlder(version: string, than: string): boolean {
  const numbers = (text: string) => text.split('.').map((part) => Number.parseInt(part, 10) || 0);
  const [a, b] = [numbers(version), numbers(than)];
  const at = b.findIndex((part, index) => part !== (a[index] ?? 0));
  return at >= 0 && (a[at] ?? 0) < b[at]!;
}

async function workers(temporal: Temporal, { taskQueue }: Target): Promise<Finding> {
  const { workflow, activity } = await temporal.queues.pollers();
  if (workflow.length === 0 || activity.length === 0) {
    return fail(
      'Workers',
      `none polls task queue "${taskQueue}"`,
      'Start one with `gantry worker`, or all with `gantry dev`.',
    );
  }
  return ok('Workers', `${[...new Set(workflow)].join(', ')} on task queue "${taskQueue}"`);
}

async function attempt(what: string, examine: () => Promise<Finding>): Promise<Finding> {
  try {
    return await examine();
  } catch (error) {
    return fromFault(what, error);
  }
}

function fromFault(what: string, error: unknown): Finding {
  if (error instanceof Fault) return fail(what, error.message, error.hint ?? 'See the message.');
  return fail(what, (error as Error).message, 'This should not have happened; GANTRY_DEBUG=1 shows more.');
}
