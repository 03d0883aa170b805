import type { Standing } from '../../../contracts/breakers';
import { suggestion } from '../../../contracts/nearest-word';
import { NotFoundError, RefusedError, ServiceError } from '../../faults';
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
  addTest(providers, cli, allKnown);
  providers
    .command('disable')
    .argument('<provider>', 'a provider, or PROVIDER/MODEL')
    .description('Send it nothing until it is enabled again')
    .option('-c, --comment <text>', 'why')
    .action(async (word: string, { comment }: ReasonOptions) => {
      const breaker = await known(cli(), word);
      const request = { who: cli().who, ...(comment !== undefined && { comment }) };
      const { message } = await (await cli().temporal()).breakers.isolate(breaker, request);
      const hint = `Ask it again with \`gantry providers enable ${breaker}\`.`;
      cli().answer({ breaker, message }, `${message}\n${hint}`);
    });
  providers
    .command('enable')
    .argument('<provider>', 'a provider, or PROVIDER/MODEL')
    .description('Ask it again, after it was disabled')
    .action(async (word: string) => {
      const breaker = await known(cli(), word);
      const { message } = await (await cli().temporal()).breakers.reset(breaker, { who: cli().who });
      cli().answer({ breaker, message }, message);
    });
  providers
    .command('reset')
    .argument('<provider>', 'a provider, or PROVIDER/MODEL')
    .description('Close its breaker, and those of its models, and forget its failures')
    .action(async (word: string) => {
      const breaker = await known(cli(), word);
      const { breakers } = await cli().temporal();
      const also = openModelsOf(breaker, await breakers.standings());
      const messages: string[] = [];
      for (const name of also) messages.push((await breakers.reset(name, { who: cli().who })).message);
      try {
        messages.unshift((await breakers.reset(breaker, { who: cli().who })).message);
      } catch (error) {
        // Its own may have nothing to reset, or was never needed: then it was meant for its models.
        if (messages.length === 0 || !(error instanceof RefusedError || error instanceof NotFoundError)) throw error;
      }
      cli().answer({ breaker, also, message: messages.join(' ') }, messages.join('\n'));
    });
};

/** Models of a provider whose own breakers are open. One that a person has disabled stays so. */
function openModelsOf(breaker: string, standings: ReadonlyMap<string, Standing>): string[] {
  return [...standings].flatMap(([name, { state }]) =>
    name.startsWith(`${breaker}/`) && (state === 'open' || state === 'half-open') ? [name] : [],
  );
}

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
  await allKnown(cli, [word]);
  return word;
}

async function allKnown(cli: Cli, words: readonly string[]): Promise<readonly string[]> {
  const names = (await look(cli)).map(({ name }) => name);
  for (const word of words) if (!names.includes(providerOf(word))) throw unknown(word, names);
  return words;
}

function unknown(word: string, names: readonly string[]): NotFoundError {
  return new NotFoundError(
    `There is no provider "${providerOf(word)}". ${suggestion(providerOf(word), names) ?? ''}`.trim(),
    'See them with `gantry providers`.',
  );
}
