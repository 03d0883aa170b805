import type { AddCommand } from '../add-command';
import { positiveInteger } from '../arguments';
import { renderRunList } from '../render/run-list';

export const addList: AddCommand = (program, cli) => {
  program
    .command('list')
    .alias('ls')
    .description('Runs, newest first')
    .option('--project <name>', 'of this project')
    .option('--pipeline <name>', 'of this pipeline')
    .option('--status <STATUS>', 'in this state, for instance PARTIAL_SUCCESS')
    .option('--open', 'not yet ended')
    .option('--limit <count>', 'at most this many', positiveInteger, 20)
    .action(async (options: ListOptions) => {
      const { json: _json, ...filter } = options;
      const temporal = await cli().temporal();
      const status = options.status?.toUpperCase();
      const runs = await temporal.runs.list({ ...filter, ...(status !== undefined && { status }) });
      const { paint, width } = cli();
      cli().answer(runs, renderRunList(runs, { paint, width, at: Date.now() }));
    });
};

interface ListOptions {
  readonly json?: boolean;
  readonly project?: string;
  readonly pipeline?: string;
  readonly status?: string;
  readonly open?: boolean;
  readonly limit: number;
}
