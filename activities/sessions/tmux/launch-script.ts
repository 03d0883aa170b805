import { PROCESS_VARIABLE } from '../../processes/process-record';
import { supervisorScript } from '../../processes/supervisor-script';

export interface LaunchScriptInput {
  readonly processDir: string;
  readonly cwd: string;
  readonly claim: string;
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/**
 * The script a pane runs. It holds the agent's environment, so that no secret is in a command line or in the server's
 * environment; it is readable by this user alone, and its first act is to remove itself. It then takes the process
 * directory as any supervisor does: a pane that was started twice runs the agent once.
 */
export function launchScript({ processDir, cwd, claim, argv, env }: LaunchScriptInput): string {
  const exports = Object.entries(env).map(([name, value]) => `export ${name}=${quote(value)}`);
  return [
    'rm -f -- "$0"',
    `cd -- ${quote(cwd)} || exit 1`, // tmux itself would go elsewhere when it cannot
    `dir=${quote(processDir)}`,
    ...exports,
    `export ${PROCESS_VARIABLE}=${quote(claim)}`,
    `set -- ${argv.map(quote).join(' ')}`,
    supervisorScript('"$@"'),
  ].join('\n');
}

/** One word of a shell command, whatever it holds. */
export function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
