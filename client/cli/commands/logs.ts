import { stageIdOf } from '../../../contracts/ids';
import { suggestion } from '../../../contracts/nearest-word';
import type { RunView, StageRecord } from '../../../contracts/run';
import { readText } from '../../artifacts';
import { NotFoundError } from '../../faults';
import { readNested, readView } from '../../runs/read-run';
import type { Cli } from '../cli';
import type { AddCommand } from '../program';

export const addLogs: AddCommand = (program, cli) => {
  program
    .command('logs')
    .argument('<run>', 'which run')
    .argument('[stage]', 'which stage, or one cell of its matrix; all when absent')
    .description('What the stages of a run said')
    .action(async (word: string, stage: string | undefined) => {
      const { run } = await cli().findRun(word);
      const temporal = await cli().temporal();
      const view = await readView(temporal, run);
      const logs = await collect(cli(), chosenStages(view, stage));
      const nested = stage === undefined ? await readNested(temporal, view) : [];
      for (const inner of nested) logs.push(...(await collect(cli(), inner.stages, `${inner.run.runId} `)));
      if (stage !== undefined && logs.length === 0) {
        throw new NotFoundError(
          `Stage "${stage}" has said nothing yet.`,
          `See where it stands: \`gantry status ${run.runId}\`.`,
        );
      }
      cli().answer(logs, logs.map((log) => shown(cli(), log, logs.length > 1)).join('\n'));
      if (logs.some(({ whole }) => !whole))
        cli().note('Some logs are on another host: only their beginning and end are shown.');
    });
};

interface StageLog {
  readonly stage: string;
  readonly status: string;
  readonly turn: number;
  readonly text: string;
  readonly whole: boolean;
}

function chosenStages(view: RunView, name: string | undefined): readonly StageRecord[] {
  if (name === undefined) return view.stages;
  const chosen = view.stages.filter(({ key }) => key === name || stageIdOf(key) === name);
  if (chosen.length > 0) return chosen;
  const keys = view.stages.map(({ key }) => key);
  throw new NotFoundError(`No stage "${name}" in this run. ${suggestion(name, keys) ?? ''}`.trim());
}

async function collect(cli: Cli, stages: readonly StageRecord[], prefix = ''): Promise<StageLog[]> {
  const logs: StageLog[] = [];
  for (const { key, status, turn, log, failure } of stages) {
    const text = log ?? failure?.evidence;
    if (text === undefined) continue;
    logs.push({ stage: `${prefix}${key}`, status, turn, ...(await readText(cli.home, text)) });
  }
  return logs;
}

/** A log is shown as it is, colours and all, but for a heading where there are several. */
function shown(cli: Cli, { stage, status, turn, text }: StageLog, several: boolean): string {
  const heading = several ? `${cli.paint.bold(`── ${stage} · turn ${turn} · ${status}`)}\n` : '';
  return `${heading}${text.trimEnd()}`;
}
