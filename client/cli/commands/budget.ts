import { InvalidArgumentError, Option } from 'commander';
import { BUDGET_WINDOWS, type BudgetAccountName, type BudgetWindow, type LedgerView } from '../../../contracts/budgets';
import { toNano } from '../../../contracts/money';
import { suggestion } from '../../../contracts/nearest-word';
import { NotFoundError } from '../../faults';
import { accountWord, parseAccount } from '../../models/account-name';
import { strangeTeam } from '../../models/known-team';
import type { Cli } from '../cli';
import { keepShowing } from '../keep-showing';
import type { AddCommand } from '../add-command';
import { renderBudgetHistory, renderBudgets } from '../render/budget';

interface SetOptions {
  readonly window: BudgetWindow;
  readonly comment?: string;
}

export const addBudget: AddCommand = (program, cli) => {
  const budget = program.command('budget').description('What may be spent, by organisation, team and job');
  budget
    .command('show', { isDefault: true })
    .argument('[account]', 'org, TEAM with its jobs, or TEAM/JOB; all when absent')
    .description('How much of each budget is spent and held')
    .option('-w, --watch', 'look again and again, until Ctrl-C')
    .action(async (word: string | undefined, { watch }: { watch?: boolean }) => {
      const look = async () => only(await viewOf(cli()), word);
      const draw = (view: LedgerView) => renderBudgets(view, optionsOf(cli()));
      if (watch) return keepShowing(cli(), look, draw);
      const view = await look();
      cli().answer(view, draw(view));
    });
  budget
    .command('set')
    .argument('<account>', 'org, TEAM or TEAM/JOB')
    .argument('<dollars>', 'the limit in US dollars; `declared` goes back to what the configuration says', limitOf)
    .description('Set a limit by hand: it stands above the configuration until it is withdrawn')
    .addOption(new Option('--window <window>', 'of which window').choices(BUDGET_WINDOWS).default('month'))
    .option('-c, --comment <text>', 'why')
    .action(async (word: string, limit: number | 'declared', { window, comment }: SetOptions) => {
      const account = parseAccount(word);
      const config = await cli().config();
      const { organisation } = config;
      const strange = account.team === undefined ? undefined : strangeTeam(config, account.team);
      const { message } = await (
        await cli().temporal()
      ).budgets.set(organisation, {
        ...{ account, window, who: cli().who },
        ...(limit !== 'declared' && { limitNano: toNano(limit) }),
        ...(comment !== undefined && { comment }),
      });
      cli().answer({ organisation, account, window, message }, message);
      if (strange !== undefined && limit !== 'declared') cli().note(strange);
    });
  budget
    .command('history')
    .argument('[account]', 'org, TEAM or TEAM/JOB; all when absent')
    .description('What was refused, alerted, changed and corrected, and what earlier windows cost')
    .action(async (word: string | undefined) => {
      const { organisation } = await cli().config();
      const history = await (await cli().temporal()).budgets.history(organisation);
      if (history === undefined) throw nothingThere(organisation);
      const wanted = word === undefined ? undefined : accountWord(parseAccount(word));
      const isOf = (account: string) => wanted === undefined || account === (wanted === 'org' ? organisation : wanted);
      const narrowed = {
        lines: history.lines.filter(({ account }) => isOf(account)),
        past: history.past.filter(({ account }) => isOf(account)),
      };
      cli().answer(narrowed, renderBudgetHistory(narrowed, { ...optionsOf(cli()), now: Date.now() }));
    });
};

function optionsOf({ paint, width }: Cli) {
  return { paint, width };
}

async function viewOf(cli: Cli): Promise<LedgerView> {
  const { organisation } = await cli.config();
  const view = await (await cli.temporal()).budgets.view(organisation);
  if (view === undefined) throw nothingThere(organisation);
  return view;
}

function nothingThere(organisation: string): NotFoundError {
  return new NotFoundError(
    `Nobody has spent or declared anything in the organisation "${organisation}" yet.`,
    'Declare budgets in gantry.config.yaml and start a worker, or set one: gantry budget set org 100',
  );
}

function only(view: LedgerView, word: string | undefined): LedgerView {
  if (word === undefined) return view;
  const wanted = accountWord(parseAccount(word));
  const words = (account: BudgetAccountName) => [accountWord(account), accountWord({ ...account, level: 'team' })];
  const accounts = view.accounts.filter((account) =>
    account.level === 'job' ? words(account).includes(wanted) : accountWord(account) === wanted,
  );
  if (accounts.length > 0) return { ...view, accounts };
  const known = view.accounts.map(accountWord);
  throw new NotFoundError(
    `There is no budget "${wanted}". ${suggestion(wanted, known) ?? ''}`.trim(),
    'See all with `gantry budget show`.',
  );
}

function limitOf(text: string): number | 'declared' {
  if (text === 'declared') return text;
  const dollars = Number(text.replace(/^\$/, ''));
  if (text.trim() !== '' && Number.isFinite(dollars) && dollars >= 0) return dollars;
  throw new InvalidArgumentError(`It must be US dollars such as 25 or 2.50, or "declared", got ${text}.`);
}
