import type { BenchContext } from './benchmark';
import type { Figure, Report } from './figures';
import { cancelToGone } from './sessions/cancel';
import { idleShare } from './sessions/idle-share';
import { longPrompt } from './sessions/long-prompt';
import { supervision } from './sessions/supervision';
import { twoHosts } from './sessions/two-hosts';
import { randomKills } from './sessions/random-kills';
import { promptLatency } from './sessions/prompt-latency';

type Part = (context: BenchContext) => Promise<Figure[]>;

/** In the order of the page that quotes them. */
const PARTS: Readonly<Record<string, Part>> = {
  latency: promptLatency,
  idle: idleShare,
  kills: randomKills,
  long: longPrompt,
  cancel: cancelToGone,
  supervision,
  hosts: twoHosts,
};

export const SESSION_PARTS: readonly string[] = Object.keys(PARTS);

/** What sessions cost, and what is left of them when everything dies: real terminals, small agents, one machine. */
export async function benchSessions(context: BenchContext): Promise<Report> {
  const wanted = context.parts.length === 0 ? SESSION_PARTS : context.parts;
  const unknown = wanted.find((name) => !(name in PARTS));
  if (unknown !== undefined) throw new Error(`sessions has no part "${unknown}": ${SESSION_PARTS.join(', ')}.`);
  const figures: Figure[] = [];
  for (const [name, part] of Object.entries(PARTS)) if (wanted.includes(name)) figures.push(...(await part(context)));
  return {
    benchmark: 'sessions',
    ours: 'sessions of one host in real terminals with small agents, prompts without a worktree',
    theirs: 'where a figure has something beside it: one host with as many sessions as each of the two',
    figures,
  };
}
