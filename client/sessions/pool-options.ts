import { NAME_PATTERN } from '../../contracts/ids';
import { suggestion } from '../../contracts/nearest-word';
import type { AgentsConfig } from '../../contracts/schemas/agents';
import { poolSpecs, type PoolSpec } from '../../contracts/schemas/pools';
import { UserError } from '../faults';

export interface PoolOptions {
  /** `codex=3`, `claude=2..5`, `fast=2:claude`. */
  readonly pool: readonly string[];
  /** `claude-critical=1`. */
  readonly reserve: readonly string[];
}

const MOST = 64;

/**
 * The pools a host is to serve. Without `--pool` each configured agent is one, of the size its configuration says.
 * Sessions kept free are taken out of the pool they belong to, so that a pool's size is all it ever starts.
 * Fails: UserError that names the option.
 */
export function poolsOf(options: PoolOptions, agents: AgentsConfig): PoolSpec[] {
  const named = options.pool.map((text) => readPool(text, agents));
  const usual = Object.entries(agents).map(([name, { sessions }]) => ({ pool: name, agent: name, ...sessions }));
  const pools = refuseTwice(named.length > 0 ? named : usual, '--pool');
  const reserved = refuseTwice(
    options.reserve.map((text) => readReserve(text, pools, agents)),
    '--reserve',
  );
  const left = pools.map((pool) => takeOut(pool, reserved));
  const kept = reserved.map(({ pool, agent, count }) => ({ pool, agent, min: count, max: count }));
  return poolSpecs.parse(refuseTwice([...left, ...kept], '--pool and --reserve together'));
}

function readPool(text: string, agents: AgentsConfig): PoolSpec {
  const option = `--pool ${text}`;
  const match = /^([^=]*)=([^:]*)(?::(.*))?$/.exec(text);
  if (!match) throw new UserError(`${option}: it must be NAME=SIZE, such as codex=3, claude=2..5 or fast=2:claude.`);
  const [, pool = '', size = '', agent = pool] = match;
  checkName(pool, option);
  const { min, max } = readSize(size, option);
  checkAgent(agent, pool, option, agents);
  return { pool, agent, min, max };
}

function readSize(size: string, option: string): { readonly min: number; readonly max: number } {
  const match = /^(\d{1,3})(?:\.\.(\d{1,3}))?$/.exec(size);
  const min = Number(match?.[1]);
  const max = Number(match?.[2] ?? match?.[1]);
  if (!match) throw new UserError(`${option}: the size must be a count or a range, such as 3 or 2..5, got "${size}".`);
  if (max < 1) throw new UserError(`${option}: a pool has one session at least.`);
  if (max > MOST) throw new UserError(`${option}: a pool has ${MOST} sessions at most.`);
  if (min > max) throw new UserError(`${option}: the range goes down.`, `Perhaps ${max}..${min}?`);
  return { min, max };
}

function checkName(name: string, option: string): void {
  if (NAME_PATTERN.test(name)) return;
  throw new UserError(`${option}: a pool's name starts with a small letter and holds small letters, digits, - and _.`);
}

function checkAgent(agent: string, pool: string, option: string, agents: AgentsConfig): void {
  if (Object.hasOwn(agents, agent)) return;
  const other = agent === pool ? ' A pool named otherwise says its agent: NAME=SIZE:AGENT.' : '';
  throw new UserError(
    `${option}: no agent "${agent}" is configured. ${suggestion(agent, Object.keys(agents)) ?? ''}`.trim() + other,
  );
}

interface Reserve {
  readonly pool: string;
  readonly agent: string;
  /** The pool its sessions are taken out of, if that is served here. */
  readonly from?: string;
  readonly count: number;
}

function readReserve(text: string, pools: readonly PoolSpec[], agents: AgentsConfig): Reserve {
  const option = `--reserve ${text}`;
  const [, pool = '', size = ''] = /^([^=]*)=(.*)$/.exec(text) ?? [];
  if (!/^\d{1,2}$/.test(size) || Number(size) < 1) {
    throw new UserError(`${option}: it must be NAME=COUNT, such as claude-critical=1.`);
  }
  checkName(pool, option);
  const of = longest(pools, pool, (one) => one.pool);
  const agent = of?.agent ?? longest(Object.keys(agents), pool, (name) => name);
  if (agent === undefined) {
    const word = pool.replace(/-[^-]*$/, '');
    throw new UserError(
      `${option}: no agent is configured whose name it starts with. ${suggestion(word, Object.keys(agents)) ?? ''}`.trim(),
      'Sessions kept free for critical work are named after their pool: claude-critical.',
    );
  }
  const from = of ?? pools.find((one) => one.agent === agent);
  return { pool, agent, count: Number(size), ...(from && { from: from.pool }) };
}

/** The longest of some names that a name goes on from: `claude-fast` rather than `claude` for `claude-fast-critical`. */
function longest<T>(all: readonly T[], name: string, nameOf: (one: T) => string): T | undefined {
  const fitting = all.filter((one) => name.startsWith(nameOf(one)) && name !== nameOf(one));
  return fitting.sort((a, b) => nameOf(b).length - nameOf(a).length)[0];
}

function takeOut(pool: PoolSpec, reserved: readonly Reserve[]): PoolSpec {
  const count = reserved.filter(({ from }) => from === pool.pool).reduce((sum, one) => sum + one.count, 0);
  if (count < pool.max) return { ...pool, min: Math.max(0, pool.min - count), max: pool.max - count };
  throw new UserError(
    `--reserve takes ${count} of the ${pool.max} sessions of ${pool.pool}, and leaves none for other work.`,
    `Give the pool more: --pool ${pool.pool}=${count + 1}.`,
  );
}

function refuseTwice<T extends { readonly pool: string }>(pools: readonly T[], where: string): readonly T[] {
  const twice = pools.find(({ pool }, index) => pools.findIndex((one) => one.pool === pool) < index);
  if (twice) throw new UserError(`${where}: ${twice.pool} is named twice.`);
  return pools;
}
