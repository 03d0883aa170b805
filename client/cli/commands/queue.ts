import { suggestion } from '../../../contracts/nearest-word';
import { NotFoundError } from '../../faults';
import type { QueueReport } from '../../sessions/queue-report';
import { readQueue } from '../../sessions/read-queue';
import type { Cli } from '../cli';
import { keepShowing } from '../keep-showing';
import type { AddCommand } from '../add-command';
import { renderQueue } from '../render/queue';

export const addQueue: AddCommand = (program, cli) => {
  program
    .command('queue')
    .argument('[pool]', 'of this pool; all when absent')
    .description('Prompts that wait for a session: in which order, for how long, about how long yet')
    .option('-w, --watch', 'look again and again, until Ctrl-C')
    .action(async (pool: string | undefined, { watch }: { watch?: boolean }) => {
      const look = async () => only(await readQueue(await cli().temporal()), pool);
      const draw = (report: QueueReport) => renderQueue(report, optionsOf(cli()));
      if (watch) return keepShowing(cli(), look, draw);
      const report = await look();
      cli().answer(report, draw(report));
    });
};

function optionsOf({ paint, width }: Cli) {
  return { paint, width };
}

function only(report: QueueReport, pool: string | undefined): QueueReport {
  if (pool === undefined) return report;
  const known = report.pools.map((one) => one.pool);
  if (!known.includes(pool)) {
    const hint = 'Serve it with `gantry host --pool NAME=SIZE`.';
    throw new NotFoundError(
      `No host serves "${pool}", and nothing waits for it. ${suggestion(pool, known) ?? ''}`.trim(),
      hint,
    );
  }
  return {
    ...report,
    pools: report.pools.filter((one) => one.pool === pool),
    alerts: report.alerts.filter((one) => one.pool === pool),
  };
}
