import type { Command } from 'commander';
import { formatDuration } from '../../../contracts/duration';
import { formatMoney } from '../../../contracts/money';
import { FailedError } from '../../faults';
import { testProvider, type ProviderTest } from '../../models/test-provider';
import type { Cli } from '../cli';
import { harmless, columns, fit } from '../render/paint';

/** The model call waits no longer than this for a provider that takes nothing now. */
const TIMEOUT_MS = 60_000;

/** `providers test`: each is asked a small question by a worker. */
export function addTest(
  providers: Command,
  cli: () => Cli,
  known: (cli: Cli, words: readonly string[]) => Promise<readonly string[]>,
): void {
  providers
    .command('test')
    .argument('[provider...]', 'a provider, or PROVIDER/MODEL; all that are configured when absent')
    .description('Ask each a small question, from a worker and with its key; it may cost a fraction of a cent')
    .action(async (words: readonly string[]) => {
      const { providers: configured } = await cli().config();
      const asked = words.length > 0 ? await known(cli(), words) : configured.map(({ name }) => name);
      const temporal = await cli().temporal();
      const tests = await Promise.all(asked.map((word) => testProvider(temporal, word, TIMEOUT_MS)));
      cli().answer(tests, render(tests, cli()));
      const failed = tests.filter(({ ok }) => !ok).map(({ provider }) => provider);
      if (failed.length > 0) throw new FailedError(`No answer from ${failed.join(', ')}.`);
    });
}

function render(tests: readonly ProviderTest[], { paint, width }: Cli): string {
  const rows = tests.map((test) =>
    test.ok
      ? [
          paint.bold(test.provider),
          paint.green('answered'),
          `${test.model} in ${formatDuration(test.ms)}, ${test.tokens} tokens, ${test.costNano === undefined ? 'price unknown' : formatMoney(test.costNano)}`,
        ]
      : [paint.bold(test.provider), paint.red(test.type), harmless(test.message)],
  );
  return columns(rows)
    .map((line) => fit(line, width))
    .join('\n');
}
