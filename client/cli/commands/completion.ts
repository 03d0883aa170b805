import { Argument, type Command } from 'commander';
import type { ModelConfig } from '../../../contracts/config/model-config';
import { accountWords, modelWords, providerWords, taskWords, teamWords } from '../../models/config-words';
import type { Cli } from '../cli';
import type { AddCommand } from '../add-command';

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
  const { command, given } = commandOf(program, words.slice(0, -1));
  const fits = (all: readonly string[]) => [...new Set(all)].filter((word) => word.startsWith(current));
  if (command === undefined) return [];
  const before = words.at(-2) ?? '';
  const valued = command.options.find((option) => option.long === before && (option.required || option.optional));
  if (valued) return fits(valued.argChoices ?? (await valuesOf(VALUE_OF_OPTION[before], cli)));
  if (current.startsWith('-')) {
    return fits([...command.options, ...program.options].map(({ long }) => long ?? '').filter((long) => long !== ''));
  }
  const inner = visibleCommands(command);
  if (given.length === 0 && inner.length > 0) return fits(inner);
  const position = given.filter((word) => !word.startsWith('-')).length;
  const argument =
    command.registeredArguments[position] ?? command.registeredArguments.findLast(({ variadic }) => variadic);
  return fits(await valuesOf(VALUE_OF_ARGUMENT[argument?.name() ?? ''], cli));
}

/** The command that words lead to, and what follows its name. */
function commandOf(
  program: Command,
  words: readonly string[],
): { command: Command | undefined; given: readonly string[] } {
  const [name, ...given] = words;
  if (name === undefined) return { command: program, given: [] };
  const named = (parent: Command, word: string | undefined) =>
    parent.commands.find((one) => one.name() === word || (word !== undefined && one.aliases().includes(word)));
  const command = named(program, name);
  const inner = command && named(command, given[0]);
  return inner ? { command: inner, given: given.slice(1) } : { command, given };
}

type Values = (cli: Cli) => Promise<string[]>;

const runs: Values = async (cli) => {
  const found = await valuesOf(
    async () => (await (await cli.temporal()).runs.list({ limit: 50 })).map(({ run }) => run.runId),
    cli,
  );
  return ['latest', ...found];
};
const hosts: Values = async (cli) => (await (await cli.temporal()).hosts.list()).map(({ host }) => host);
const pools: Values = async (cli) => {
  const found = await (await cli.temporal()).hosts.list();
  return found.flatMap(({ view }) => view?.pools.map(({ pool }) => pool) ?? []);
};
const sessions: Values = async (cli) => {
  const found = await (await cli.temporal()).hosts.list();
  return found.flatMap(({ view }) => view?.sessions.map(({ name }) => name) ?? []);
};
const targets: Values = async (cli) => [...(await sessions(cli)), ...(await pools(cli))];

/** Names of the configuration of models, as it is read in this folder. */
const configured =
  (words: (config: ModelConfig) => string[]): Values =>
  async (cli) =>
    words(await cli.config());

const VALUE_OF_ARGUMENT: Readonly<Record<string, Values>> = {
  ...{ run: runs, pool: pools, session: sessions, targets },
  ...{ provider: configured(providerWords), account: configured(accountWords) },
};
const VALUE_OF_OPTION: Readonly<Record<string, Values>> = {
  ...{ '--model': configured(modelWords), '--team': configured(teamWords), '--task': configured(taskWords) },
  ...{ '--target': pools, '--chain': pools, '--for': pools, '--host': hosts },
};

/** None when no server answers: whoever presses Tab has not asked for an error. */
async function valuesOf(values: Values | undefined, cli: Cli): Promise<string[]> {
  return values === undefined ? [] : values(cli).catch(() => []);
}

function visibleCommands(program: Command): string[] {
  return program
    .createHelp()
    .visibleCommands(program)
    .map((command) => command.name());
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
