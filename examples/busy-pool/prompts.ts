import { atMost } from '../../client/at-most';
import type { Cli } from '../../client/cli/cli';
import { sendDefinition } from '../../client/sessions/send-prompt';
import { PRIORITY } from '../../contracts/priority';
import { nameOf } from './agent-logs';
import type { Queued } from './judge';
import { HOLDS } from './patience';
import { POOLS } from './pools';

const WAITING = 50;
/** How long codex is waited for before claude is asked too. */
const OVERFLOWS_AFTER = '6s';
const STARTS_AT_ONCE = 8;

export interface Prompt {
  readonly project: string;
  readonly runId: string;
  readonly text: string;
  readonly priority: number;
  readonly pools: readonly string[];
}

/** One for each session. */
export function warmUpPrompts(): Prompt[] {
  return forEachSession('first', 'Say that you are there.');
}

export function heldPrompts(): Prompt[] {
  return forEachSession('holds', HOLDS);
}

/** Fifty of two projects, of every priority but the critical ones; one in five may go elsewhere. */
export function waitingPrompts(): Prompt[] {
  return Array.from({ length: WAITING }, (_, index) => {
    const number = index + 1;
    return {
      project: index % 2 === 0 ? 'shop' : 'site',
      runId: `task-${number}`,
      text: `Do task ${number}.`,
      priority: PRIORITY.lowest + ((index * 5) % 8),
      pools: index % 5 === 0 ? ['codex', 'claude'] : ['codex'],
    };
  });
}

function forEachSession(what: string, text: string): Prompt[] {
  return POOLS.flatMap(({ pool, max }) =>
    Array.from({ length: max }, (_, index) => {
      const runId = `${what}-${pool}-${index + 1}`;
      return { project: 'shop', runId, text: `${text} (${runId})`, priority: PRIORITY.usual, pools: [pool] };
    }),
  );
}

/** Send each as `gantry send` does, as a run of its own. */
export async function sendAll(cli: Cli, prompts: readonly Prompt[]): Promise<Queued[]> {
  const { runs } = await cli.temporal();
  return atMost(STARTS_AT_ONCE, prompts, async ({ project, runId, text, priority, pools }) => {
    const overflows = pools.length > 1;
    const definition = sendDefinition({
      ...{ pools, inRepository: false, keep: false },
      ...(overflows && { wait: OVERFLOWS_AFTER }),
    });
    const run = { project, runId };
    const input = { run, definition, inputs: { prompt: text }, mode: definition.mode, priority, startedBy: cli.who };
    await runs.start(input, { again: false, details: text });
    return { run, priority, overflows, name: nameOf(text) };
  });
}
