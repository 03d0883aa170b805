import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { agentsConfig, type AgentsConfig } from '../../contracts/schemas/agents';
import { UserError } from '../faults';

/** The agents workers have when no file says otherwise. */
export const USUAL_AGENTS = { claude: { kind: 'claude' }, codex: { kind: 'codex' } } as const;

/** The agents of this machine, as its workers will read them. Fails: UserError with every mistake of the file. */
export function readAgents(file: string | undefined): AgentsConfig {
  const parsed = agentsConfig.safeParse(file === undefined ? USUAL_AGENTS : readJson(file));
  if (parsed.success) return parsed.data;
  throw new UserError(`The agents in ${file ?? 'the defaults'} are wrong:\n${z.prettifyError(parsed.error)}`);
}

function readJson(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new UserError(
      `The agents file ${file} cannot be read: ${(error as Error).message}`,
      'Name it with --agents.',
    );
  }
}
