import { existsSync, readFileSync } from 'node:fs';
import { dispatchId } from '../../contracts/ids';
import type { EntryOf } from './agent-log';
import type { Fleet } from './fleet';

export interface Accepted {
  /** How often the agent of the attempt that ended the stage took the prompt: once is right. */
  readonly counted: number;
  /** Agents that took the prompt more often than once, or without being any attempt's agent. */
  readonly twice: readonly string[];
  /** The agents of the attempts before. */
  readonly failed: readonly string[];
}

/** What agents say they took, held against the agents that dispatches claimed. */
export class AcceptedPrompts {
  private readonly byRun = new Map<string, EntryOf<'prompt'>[]>();

  constructor(
    private readonly fleet: Fleet,
    private readonly stage: string,
  ) {
    for (const entry of fleet.log.of('prompt')) {
      this.byRun.set(entry.run, [...(this.byRun.get(entry.run) ?? []), entry]);
    }
  }

  /** @param attempts How many the run's stage had; of a run that has not ended, as many as there are traces of. */
  of(run: string, attempts = this.attemptsOf(run)): Accepted {
    const claimed = Array.from({ length: attempts }, (_, index) => this.agentOf(run, index + 1));
    const took = (this.byRun.get(run) ?? []).map(({ agent }) => agent);
    const twice = took.filter((agent, index) => took.indexOf(agent) !== index || !claimed.includes(agent));
    return {
      counted: took.filter((agent) => agent === claimed.at(-1)).length,
      twice,
      failed: claimed.slice(0, -1).map((agent, index) => agent ?? `no agent in attempt ${index + 1}`),
    };
  }

  private attemptsOf(run: string): number {
    let attempts = 0;
    while (this.agentOf(run, attempts + 1) !== undefined) attempts += 1;
    return attempts;
  }

  /** An attempt that came to nothing before it had a session has none. */
  private agentOf(run: string, attempt: number): string | undefined {
    const path = this.fleet.dispatchFile(dispatchId(run, this.stage, 1, attempt), 'claim.json');
    if (!existsSync(path)) return undefined;
    return (JSON.parse(readFileSync(path, 'utf8')) as { readonly agentId: string }).agentId;
  }
}
