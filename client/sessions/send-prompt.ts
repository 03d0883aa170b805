import type { PipelineDefinition } from '../../contracts/definition';
import { checkPipeline, problemText } from '../../contracts/pipeline';
import { UserError } from '../faults';
import type { PoolQueue, QueueReport } from './queue-report';

/** The one stage of a run that sends one prompt. */
export const PROMPT_STAGE = 'prompt';

export interface SendRequest {
  /** In the order they are asked. */
  readonly pools: readonly string[];
  readonly taskType?: string;
  /** In a worktree of the run's repository, or nowhere. */
  readonly inRepository: boolean;
  /** Leave the agent up afterwards, with its conversation. */
  readonly keep: boolean;
  /** As a pipeline file has it. */
  readonly timeout?: string;
  /** How long each pool is waited for before the next is asked too, as a pipeline file has it. */
  readonly wait?: string;
}

/** A pipeline of one agent stage. The prompt is an input: nothing in it is taken for a template. Fails: UserError. */
export function sendDefinition(request: SendRequest): PipelineDefinition {
  const { pools, taskType, inRepository, keep, timeout, wait } = request;
  const [pool, ...chain] = pools;
  const checked = checkPipeline({
    name: 'send',
    description: `One prompt for ${pools.join(', then ')}`,
    inputs: { prompt: { type: 'string' } },
    stages: {
      [PROMPT_STAGE]: {
        ...{ pool, prompt: '{{ inputs.prompt }}' },
        ...(chain.length > 0 && { chain }),
        ...(taskType !== undefined && { task: taskType }),
        ...(!inRepository && { workspace: 'none' }),
        ...(keep && { conversation: 'keep' }),
        ...(timeout !== undefined && { timeout }),
        ...(wait !== undefined && { wait }),
      },
    },
  });
  if ('definition' in checked) return checked.definition;
  throw new UserError(`${checked.problems.map(problemText).join('\n')}\nNothing was sent.`);
}

/**
 * Pure: the pools that some host serves now, best first: those named like the task type, then those with idle
 * sessions, then by the wait a further prompt would have.
 */
export function poolsForAny({ pools }: QueueReport, taskType?: string): string[] {
  const served = pools.filter(({ hosts, pool }) => hosts.length > 0 && !pool.endsWith('-critical'));
  const fits = ({ pool }: PoolQueue) =>
    taskType !== undefined && (pool === taskType || pool.startsWith(`${taskType}-`)) ? 0 : 1;
  const closed = (queue: PoolQueue) => (queue.closed === undefined ? 0 : 1);
  const free = ({ sessions, depth }: PoolQueue) => Math.max(0, sessions.idle - depth);
  return [...served]
    .sort((a, b) => fits(a) - fits(b) || closed(a) - closed(b) || free(b) - free(a) || waitOf(a) - waitOf(b))
    .map(({ pool }) => pool)
    .slice(0, MOST_POOLS);
}

/** What a chain may hold. */
const MOST_POOLS = 8;

/** How long the last of a queue waits, or how long it is where nobody can tell. */
function waitOf({ order, depth, sessions }: PoolQueue): number {
  return order.at(-1)?.aboutMs ?? (depth / Math.max(1, sessions.of)) * 60_000;
}
