import type { AgentConfig } from '../../contracts/schemas/agents';
import { commandEnvironment } from '../secrets/command-environment';
import { secretVariables, type Secrets } from '../secrets/secrets';
import { answersDir, journalPath, outputPath } from './agent-record';
import type { Launch } from './agents/agent-kind';

export interface AgentEnvironmentInput {
  readonly config: AgentConfig;
  readonly launch: Launch;
  readonly passes: readonly string[];
  /** The agent's own directory. */
  readonly dir: string;
  /** What the stage gives it besides, and the names of the secrets it may see. */
  readonly env: Readonly<Record<string, string>>;
  readonly secrets: readonly string[];
}

/**
 * All of an agent's environment; nothing is inherited. Of the worker's own it sees what finds programs and a home,
 * what its kind needs, and what the operator or the stage names. Fails: Secret.Missing.
 */
export function agentEnvironment(
  { config, launch, passes, dir, env, secrets: names }: AgentEnvironmentInput,
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
    ...env,
    ...secretVariables(secrets, names),
    GANTRY_EVENTS: journalPath(dir),
    GANTRY_OUTPUT: outputPath(dir),
    GANTRY_ANSWERS: answersDir(dir),
  };
}
