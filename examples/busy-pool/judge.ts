import { atMost } from '../../client/at-most';
import { ordinal } from '../../client/cli/render/figures';
import type { Temporal } from '../../client/temporal';
import type { RunRef } from '../../contracts/run';
import type { Taken } from './agent-logs';

/** A prompt that was sent. */
export interface Queued {
  readonly run: RunRef;
  readonly priority: number;
  /** It may go to claude when codex keeps it waiting. */
  readonly overflows: boolean;
  /** How agents name it in their logs. */
  readonly name: string;
}

const RESULTS_AT_ONCE = 8;

/** What came of the prompts, by the agents' logs and the runs' results. */
export async function judge(
  temporal: Temporal,
  queued: readonly Queued[],
  taken: readonly Taken[],
): Promise<{ readonly ok: boolean; readonly lines: readonly string[] }> {
  const results = await atMost(RESULTS_AT_ONCE, queued, ({ run }) => temporal.runs.result(run));
  const done = results.filter((result) => result?.status === 'SUCCESS').length;
  const times = queued.map(({ name }) => taken.filter(({ sha256 }) => sha256 === name).length);
  const lost = times.filter((count) => count === 0).length;
  const twice = times.filter((count) => count > 1).length;
  const elsewhere = queued.filter(({ name }) => agentOf(name, taken) === 'claude').length;
  return {
    ok: done === queued.length && lost === 0 && twice === 0,
    lines: [
      `${done} of ${queued.length} done, ${lost} lost, ${twice} taken twice`,
      `${elsewhere} went to claude, which was free sooner`,
      ...byPriority(queued, taken),
    ],
  };
}

/** When those of each priority started, of all; those that could go elsewhere are left out. */
function byPriority(queued: readonly Queued[], taken: readonly Taken[]): string[] {
  const order = taken.map(({ sha256 }) => sha256).filter((name) => queued.some((one) => one.name === name));
  const levels = [...new Set(queued.map(({ priority }) => priority))].sort((a, b) => b - a);
  return levels.map((level) => {
    const places = queued
      .filter(({ priority, overflows }) => priority === level && !overflows)
      .map(({ name }) => order.indexOf(name) + 1);
    return `priority ${level}: started ${ordinal(Math.min(...places))} to ${ordinal(Math.max(...places))}`;
  });
}

function agentOf(name: string, taken: readonly Taken[]): string | undefined {
  return taken.find(({ sha256 }) => sha256 === name)?.agent;
}
