import type { RunRef } from '../../../contracts/run';
import { FailedError } from '../../faults';
import { checkAudit, type Comparison } from '../../runs/check-audit';
import { readAudit, readView } from '../../runs/read-run';
import type { Temporal } from '../../temporal';
import type { Cli } from '../cli';
import type { AddCommand } from '../add-command';
import { renderAudit, renderComparisons } from '../render/audit';

export const addAudit: AddCommand = (program, cli) => {
  program
    .command('audit')
    .argument('<run>', 'which run')
    .description('Who asked, decided and did what, and when; with --json the trail to keep')
    .option('--check', "hold the trail against Temporal's history, and say what agrees and what differs")
    .action(async (word: string, { check }: { check?: boolean }) => {
      const { run } = await cli().findRun(word);
      if (check) return compare(cli(), run);
      const entries = await readAudit(await cli().temporal(), run);
      const { paint, width } = cli();
      cli().answer(entries, renderAudit(entries, { paint, width }));
    });
};

async function compare(cli: Cli, run: RunRef): Promise<void> {
  const { executions, comparisons } = await comparisonsOf(await cli.temporal(), run);
  const differ = comparisons.some(({ differences }) => differences.length > 0);
  const answer = { run, agrees: !differ, executions, comparisons };
  cli.answer(answer, renderComparisons(comparisons, executions, cli.paint));
  if (differ) throw new FailedError('');
}

/** Of an open run both go on growing: look again until nothing happened between. */
async function comparisonsOf(
  temporal: Temporal,
  run: RunRef,
): Promise<{ readonly executions: number; readonly comparisons: readonly Comparison[] }> {
  for (let look = 1; ; look += 1) {
    const before = await readAudit(temporal, run);
    const executions = await temporal.runs.executionsOf(run);
    const trail = await readAudit(temporal, run);
    if (trail.length !== before.length && look < LOOKS) continue;
    const { stages } = await readView(temporal, run);
    return { executions: executions.length, comparisons: checkAudit(trail, executions, stages) };
  }
}

const LOOKS = 5;
