import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** A prompt that an agent says it has taken. */
export interface Taken {
  readonly agent: string;
  /** Epoch milliseconds. */
  readonly at: number;
  readonly sha256: string;
}

/** The agents' own logs, which gantry never writes: what stands there was really taken. */
export class AgentLogs {
  constructor(private readonly home: string) {}

  fileOf(agent: string): string {
    return path.join(this.home, `${agent}-agents.log`);
  }

  /** What agents of these names took, in the order they took it. */
  taken(agents: readonly string[]): Taken[] {
    return agents
      .flatMap((agent) => linesOf(this.fileOf(agent)).map((line) => ({ ...(JSON.parse(line) as Taken), agent })))
      .sort((a, b) => a.at - b.at);
  }
}

/** How an agent names a prompt in its log. */
export function nameOf(prompt: string): string {
  return createHash('sha256').update(prompt).digest('hex');
}

function linesOf(file: string): string[] {
  return existsSync(file)
    ? readFileSync(file, 'utf8')
        .split('\n')
        .filter((line) => line !== '')
    : [];
}
