import { join } from 'node:path';
import type { DispatchInput } from '../../contracts/activities';
import type { AgentConfig } from '../../contracts/schemas/agents';
import { commandEnvironment } from '../secrets/command-environment';
import { secretVariables, type Secrets } from '../secrets/secrets';
import type { Launch } from './agents/agent-kind';

export interface AgentEnvironmentInput {
  readonly input: DispatchInput;
  readonly config: AgentConfig;
  readonly launch: Launch;
  readonly passes: readonly string[];
  readonly dir: string;
}

/** Where an agent appends its events, and where it writes its output. */
export function journalPath(dir: string): string {
  return join(dir, 'events.jsonl');
}

export function outputPath(dir: string): string {
  return join(dir, 'output.json');
}

/**
 * All of an agent's environment; nothing is inherited. Of the worker's own it sees what finds programs and a home,
 * what its kind needs, and what the operator or the stage names. Fails: Secret.Missing.
 */
export function agentEnvironment(
  { input, config, launch, passes, dir }: AgentEnvironmentInput,
  environment: Readonly<Record<string, string | undefined>>,
  secrets: Secrets,
): Record<string, string> {
  const passed = [...passes, ...config.env].flatMap((name) => {
    const value = environment[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  const { TERM: _, ...base } = commandEnvironment(environment); // the backend says what terminal there is
  return {
    ...base,
    ...Object.fromEntries(passed),
    ...launch.env,
    ...config.set,
    ...input.env,
    ...secretVariables(secrets, input.secrets),
    GANTRY_RUN: input.run.runId,
    GANTRY_STAGE: input.stage,
    GANTRY_DISPATCH: input.dispatchId,
    GANTRY_EVENTS: journalPath(dir),
    GANTRY_OUTPUT: outputPath(dir),
  };
}
