import { existsSync, readFileSync } from 'node:fs';

/** What an agent of a benchmark says of itself. */
export type AgentSays =
  | { readonly what: 'started' }
  /** The last byte of a paste has come. */
  | { readonly what: 'pasted' }
  | { readonly what: 'prompt'; readonly run: string; readonly sha256: string; readonly bytes: number }
  | { readonly what: 'child'; readonly run: string; readonly child: number }
  | { readonly what: 'done'; readonly run: string };

/** Written down with the time in epoch milliseconds, and by whom. */
export type AgentEntry = AgentSays & { readonly at: number; readonly pid: number; readonly agent: string };

export type EntryOf<What extends AgentEntry['what']> = Extract<AgentEntry, { readonly what: What }>;

export class AgentLog {
  constructor(readonly path: string) {}

  all(): AgentEntry[] {
    if (!existsSync(this.path)) return [];
    const lines = readFileSync(this.path, 'utf8').split('\n');
    return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as AgentEntry);
  }

  of<What extends AgentEntry['what']>(what: What): EntryOf<What>[] {
    return this.all().filter((entry): entry is EntryOf<What> => entry.what === what);
  }
}

export interface Prompt {
  readonly run: string;
  /** How long the agent is at it. */
  readonly workMs: number;
  /** It starts processes that do not end by themselves. */
  readonly children: boolean;
}

/** What the agent is told: whose prompt it is, and what to do. */
export function promptText({ run, workMs, children }: Prompt): string {
  return `bench ${run} works ${Math.round(workMs)} ms${children ? ' with children' : ''}`;
}

/** The inverse of {@link promptText}; more may follow it. */
export function parsePrompt(text: string): Prompt {
  const [, run = 'unknown', workMs = '0', children] = /^bench (\S+) works (\d+) ms( with children)?/.exec(text) ?? [];
  return { run, workMs: Number(workMs), children: children !== undefined };
}
