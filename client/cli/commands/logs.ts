import { stageIdOf } from '../../../contracts/ids';
import { suggestion } from '../../../contracts/nearest-word';
import type { RunView, StageRecord } from '../../../contracts/run';
import { readText } from '../../artifacts';
import { NotFoundError } from '../../faults';
import { readAtWork, type AtWork } from '../../runs/at-work';
import { readNested, readView } from '../../runs/read-run';
import type { Temporal } from '../../temporal';
import type { Cli } from '../cli';
import type { AddCommand } from '../add-command';
import { renderAtWork } from '../render/at-work';
import { harmlessLines } from '../render/paint';
import { positiveInteger } from '../arguments';

export const addLogs: AddCommand = (program, cli) => {
  program
    .command('logs')
    .argument('<run>', 'which run')
    .argument('[stage]', 'which stage, or one cell of its matrix; all when absent')
    .description('What the stages of a run said; of those at work, what they say now')
    .option('-n, --tail <lines>', 'only the last lines of each', positiveInteger)
    .action(async (word: string, stage: string | undefined, { tail }: { tail?: number }) => {
      const { run } = await cli().findRun(word);
      const temporal = await cli().temporal();
      const view = await readView(temporal, run);
      const logs = await collect(cli(), temporal, view, chosenStages(view, stage));
      const nested = stage === undefined ? await readNested(temporal, view) : [];
      for (const inner of nested) {
        logs.push(...(await collect(cli(), temporal, inner.view, inner.view.stages, `${inner.path}/`)));
      }
      if (stage !== undefined && logs.length === 0) {
        throw new NotFoundError(
          `Stage "${stage}" has said nothing yet.`,
          `See where it stands: \`gantry status ${run.runId}\`.`,
        );
      }
      const said = tail === undefined ? logs : logs.map((log) => lastLines(log, tail));
      cli().answer(said, said.map((log) => shown(cli(), log, said.length > 1)).join('\n'));
      if (logs.some(({ whole }) => whole === false))
        cli().note('Some logs are on another host: only their beginning and end are shown.');
    });
};

interface StageLog {
  readonly stage: string;
  readonly status: string;
  readonly turn: number;
  /** What it has said, once it has ended. */
  readonly text?: string;
  readonly whole?: boolean;
  /** What it says, while it is at work. */
  readonly now?: AtWork;
}

function chosenStages(view: RunView, name: string | undefined): readonly StageRecord[] {
  if (name === undefined) return view.stages;
  const chosen = view.stages.filter(({ key }) => key === name || stageIdOf(key) === name);
  if (chosen.length > 0) return chosen;
  const keys = view.stages.map(({ key }) => key);
  throw new NotFoundError(`No stage "${name}" in this run. ${suggestion(name, keys) ?? ''}`.trim());
}

async function collect(
  cli: Cli,
  temporal: Temporal,
  view: RunView,
  stages: readonly StageRecord[],
  prefix = '',
): Promise<StageLog[]> {
  const busy = stages.some(({ status }) => status === 'running') ? await readAtWork(temporal, view.run) : [];
  const logs: StageLog[] = [];
  for (const { key, status, turn, log, failure } of stages) {
    const about = { stage: `${prefix}${key}`, status, turn };
    const now = busy.find(({ stage }) => stage === key);
    const text = log ?? failure?.evidence;
    if (now && status === 'running') logs.push({ ...about, now });
    else if (text !== undefined) logs.push({ ...about, ...(await readText(cli.home, text)) });
  }
  return logs;
}

function lastLines(log: StageLog, count: number): StageLog {
  if (log.text === undefined) return log;
  return { ...log, text: log.text.trimEnd().split('\n').slice(-count).join('\n') };
}

/** A log as it is, colours and all, but for what would do more to a terminal than print; `--json` has it exact. */
function shown(cli: Cli, { stage, status, turn, text, now }: StageLog, several: boolean): string {
  const heading = several ? `${cli.paint.bold(`── ${stage} · turn ${turn} · ${status}`)}\n` : '';
  return `${heading}${now ? renderAtWork(now, cli.paint) : harmlessLines(text ?? '').trimEnd()}`;
}
