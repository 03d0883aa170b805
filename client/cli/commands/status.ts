import { isEnd } from '../../../contracts/run';
import { openGates } from '../../runs/decide-gate';
import { readView } from '../../runs/read-run';
import { lookAtWaiting } from '../../sessions/read-waiting';
import { NoWorkerError, type RunExecution } from '../../temporal';
import type { Cli } from '../cli';
import { failUnlessWell } from '../fail-unless-well';
import { watchRun } from '../live-view';
import type { AddCommand } from '../add-command';
import { renderRun } from '../render/run';
import { renderRunList } from '../render/run-list';

export const addStatus: AddCommand = (program, cli) => {
  program
    .command('status')
    .argument('[run]', 'which run', 'latest')
    .description('Where a run stands, what it cost and whom it waits for')
    .option('-w, --watch', 'follow it to its end; the exit code then tells how it ended')
    .action(async (word: string, { watch }: { watch?: boolean }) => {
      const execution = await cli().findRun(word);
      if (watch) return failUnlessWell(await watchRun(cli(), execution.run));
      await show(cli(), execution);
    });
};

async function show(cli: Cli, execution: RunExecution): Promise<void> {
  const temporal = await cli.temporal();
  const { paint, width } = cli;
  try {
    const view = await readView(temporal, execution.run);
    const gates = isEnd(view.status) ? [] : await openGates(temporal, view);
    const url = cli.urlOf(view.run);
    const waiting = await lookAtWaiting(temporal)(view);
    const options = {
      paint,
      width,
      gates,
      ...(waiting && { waiting }),
      at: isEnd(view.status) ? view.now : Date.now(),
    };
    cli.answer(view, renderRun(view, { ...options, ...(url && { url }) }));
  } catch (error) {
    // What Temporal itself knows is shown all the same; the error then says why it is not more.
    if (error instanceof NoWorkerError && !cli.json) {
      cli.note(`${renderRunList([execution], { paint, width, at: Date.now() })}\n`);
    }
    throw error;
  }
}
