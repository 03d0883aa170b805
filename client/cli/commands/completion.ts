import { Argument, type Command } from 'commander';
import type { Cli } from '../cli';
import type { AddCommand } from '../program';

const SHELLS = ['bash', 'zsh', 'fish'] as const;

export const addCompletion: AddCommand = (program, cli) => {
  program
    .command('completion')
    .addArgument(new Argument('<shell>', 'whose').choices(SHELLS))
    .description('Print the completion script of a shell; its first lines say where to put it')
    .action((shell: (typeof SHELLS)[number]) => void cli().io.stdout.write(SCRIPTS[shell]));
  program
    .command('complete', { hidden: true })
    .argument('[words...]')
    .allowUnknownOption()
    .action(async (words: string[]) => {
      cli().io.stdout.write((await candidates(program, cli(), words)).map((word) => `${word}\n`).join(''));
    });
};

/** What may stand in place of the last word, given those before it. */
async function candidates(program: Command, cli: Cli, words: readonly string[]): Promise<string[]> {
  const current = words.at(-1) ?? '';
  const [name, ...given] = words.slice(0, -1);
  const fits = (all: readonly string[]) => all.filter((word) => word.startsWith(current));
  if (name === undefined) return fits(visibleCommands(program));
  const command = program.commands.find((one) => one.name() === name || one.aliases().includes(name));
  if (!command) return [];
  if (current.startsWith('-')) {
    return fits([...command.options, ...program.options].map(({ long }) => long ?? '').filter((long) => long !== ''));
  }
  const position = given.filter((word) => !word.startsWith('-')).length;
  return command.registeredArguments[position]?.name() === 'run' ? fits(['latest', ...(await runIds(cli))]) : [];
}

function visibleCommands(program: Command): string[] {
  return program
    .createHelp()
    .visibleCommands(program)
    .map((command) => command.name());
}

/** None when no server answers: whoever presses Tab has not asked for an error. */
async function runIds(cli: Cli): Promise<string[]> {
  try {
    const runs = await (await cli.temporal()).runs.list({ limit: 50 });
    return runs.map(({ run }) => run.runId);
  } catch {
    return [];
  }
}

const SCRIPTS: Record<(typeof SHELLS)[number], string> = {
  bash: `# gantry completion bash > ~/.local/share/bash-completion/completions/gantry
_gantry() {
  local IFS=$'\\n'
  COMPREPLY=($(gantry complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
}
complete -o default -F _gantry gantry
`,
  zsh: `#compdef gantry
# gantry completion zsh > a folder of $fpath, as _gantry
_gantry() {
  local -a found
  found=("\${(@f)$(gantry complete -- "\${words[@]:1:$((CURRENT - 1))}" 2>/dev/null)}")
  [[ -n "$found" ]] && compadd -a found || _files
}
compdef _gantry gantry
`,
  fish: `# gantry completion fish > ~/.config/fish/completions/gantry.fish
function __gantry_complete
  set -l words (commandline -opc) (commandline -ct)
  gantry complete -- $words[2..-1] 2>/dev/null
end
complete -c gantry -a '(__gantry_complete)'
`,
};
