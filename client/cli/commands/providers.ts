import { suggestion } from '../../../contracts/nearest-word';
import { NotFoundError, ServiceError } from '../../faults';
import { providerOf, reportProviders, type ProviderRow } from '../../models/provider-report';
import type { Cli } from '../cli';
import { keepShowing } from '../keep-showing';
import type { AddCommand } from '../add-command';
import { addTest } from './test-providers';
import { renderProviders } from '../render/providers';

interface ReasonOptions {
  readonly comment?: string;
}

export const addProviders: AddCommand = (program, cli) => {
  const providers = program.command('providers').description('Who answers: how each stands, and whether it is asked');
  providers
    .command('list', { isDefault: true })
    .description('Every provider: its breaker, its models, its key')
    .option('-w, --watch', 'look again and again, until Ctrl-C')
    .action(async ({ watch }: { watch?: boolean }) => {
      const draw = (rows: readonly ProviderRow[]) => {
        const { paint, width } = cli();
        return renderProviders(rows, { paint, width, at: Date.now() });
      };
      if (watch) return keepShowing(cli(), () => look(cli()), draw);
      const rows = await look(cli());
      cli().answer(rows, draw(rows));
    });
  addTest(providers, cli);
  providers
    .command('disable')
    .argument('<provider>', 'a provider, or PROVIDER/MODEL')
    .description('Send it nothing until it is enabled again')
    .option('-c, --comment <text>', 'why')
    .action(async (word: string, { comment }: ReasonOptions) => {
      const breaker = await known(cli(), word);
      const request = { who: cli().who, ...(comment !== undefined && { comment }) };
      const { message } = await (await cli().temporal()).breakers.isolate(breaker, request);
      cli().answer({ breaker, message }, message);
    });
  for (const [name, description] of RESETS) {
    providers
      .command(name)
      .argument('<provider>', 'a provider, or PROVIDER/MODEL')
      .description(description)
      .action(async (word: string) => {
        const breaker = await known(cli(), word);
        const { message } = await (await cli().temporal()).breakers.reset(breaker, { who: cli().who });
        cli().answer({ breaker, message }, message);
      });
  }
};

const RESETS = [
  ['enable', 'Ask it again, after it was disabled'],
  ['reset', 'Close its breaker and forget its failures'],
] as const;

/** Without a server the configuration is shown all the same. */
async function look(cli: Cli): Promise<ProviderRow[]> {
  const { providers } = await cli.config();
  try {
    const standings = await (await cli.temporal()).breakers.standings();
    return reportProviders(providers, standings, cli.io.env);
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error;
    cli.note(`How they stand is not known: ${error.message}`);
    return reportProviders(providers, undefined, cli.io.env);
  }
}

/** A misspelt name must not make a breaker that nobody asks. Fails: NotFoundError. */
async function known(cli: Cli, word: string): Promise<string> {
  const names = (await look(cli)).map(({ name }) => name);
  if (names.includes(providerOf(word))) return word;
  throw new NotFoundError(
    `There is no provider "${providerOf(word)}". ${suggestion(providerOf(word), names) ?? ''}`.trim(),
    'See them with `gantry providers`.',
  );
}
