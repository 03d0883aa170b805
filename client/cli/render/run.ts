import { formatDuration } from '../../../contracts/duration';
import { stageIdOf } from '../../../contracts/ids';
import { excerpt } from '../../../contracts/text';
import { isEnd, type RunStatus, type RunView, type StageRecord, type StageStatus } from '../../../contracts/run';
import { openHere, type OpenGate } from '../../runs/decide-gate';
import type { Waiting } from '../../sessions/read-waiting';
import { stageWait } from '../../sessions/stage-wait';
import { elapsed, money, tokenCount } from './figures';
import { renderGates } from './gates';
import { nextSteps } from './next-steps';
import { columns, fit, harmless, type Paint } from './paint';
import { renderStageWait } from './stage-wait';

export interface RenderOptions {
  readonly paint: Paint;
  /** Columns to keep to. */
  readonly width: number;
  /** The moment to count running times to, epoch milliseconds. */
  readonly at: number;
  /** The run's page in the Web UI. */
  readonly url?: string;
  /** Open gates of the run and of the runs it nests. */
  readonly gates?: readonly OpenGate[];
  /** What is known of the queues that its prompts wait in. */
  readonly waiting?: Waiting;
  /** Turns the marks of what runs; a still picture has none. */
  readonly frame?: number;
  readonly timeZone?: string;
}

/** A run as people see it: where it stands, what it cost, who is waited for, what to do next. */
export function renderRun(view: RunView, options: RenderOptions): string {
  const { paint, width } = options;
  const gates = options.gates ?? openHere(view);
  const parts = [
    [header(view, options)],
    stageLines(view, options),
    undoLines(view, paint),
    gates.length > 0 ? renderGates(view.run.runId, gates, options) : [],
    [summary(view, options), ...nextSteps(view, paint)],
  ];
  return parts
    .flat()
    .map((line) => fit(line, width))
    .join('\n');
}

export const STATUS_COLOUR: Record<RunStatus, keyof Paint> = {
  WAITING: 'yellow',
  RUNNING: 'cyan',
  PAUSED: 'yellow',
  UNDOING: 'yellow',
  SUCCESS: 'green',
  PARTIAL_SUCCESS: 'red',
  COMPLETED_DEGRADED: 'yellow',
  BUDGET_EXHAUSTED: 'red',
  TIMEOUT: 'red',
  SYSTEM_FAILURE: 'red',
  CANCELLED: 'yellow',
  ROLLED_BACK: 'yellow',
};

const STAGE_MARK: Record<StageStatus, { readonly mark: string; readonly colour: keyof Paint }> = {
  pending: { mark: '·', colour: 'dim' },
  running: { mark: '▸', colour: 'cyan' },
  waiting: { mark: '⏸', colour: 'yellow' },
  succeeded: { mark: '✓', colour: 'green' },
  failed: { mark: '✗', colour: 'red' },
  tolerated: { mark: '!', colour: 'yellow' },
  skipped: { mark: '–', colour: 'dim' },
  undone: { mark: '↩', colour: 'yellow' },
  cancelled: { mark: '⊘', colour: 'dim' },
};

const SPINNER = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];

function header({ pipeline, run, status }: RunView, { paint, url, width }: RenderOptions): string {
  const title = `${paint.bold(pipeline)} · ${run.project} · run ${paint.bold(run.runId)} · ${paint[STATUS_COLOUR[status]](status)}`;
  if (url === undefined) return title;
  const oneLine = columns([[title, paint.dim(url)]], '   ')[0]!;
  // A link cut short leads nowhere: it gets a line of its own instead, and the terminal may wrap it.
  return fit(oneLine, width) === oneLine ? oneLine : title;
}

function stageLines(view: RunView, options: RenderOptions): string[] {
  const lines = columns(view.stages.map((stage) => waitingRow(view, stage, options) ?? stageRow(stage, options)));
  return view.stages.flatMap((stage, index) => [lines[index]!, ...failureLines(stage, options.paint)]);
}

function stageRow(stage: StageRecord, { paint, at, frame }: RenderOptions): string[] {
  const { mark, colour } = STAGE_MARK[stage.status];
  const turning = stage.status === 'running' && frame !== undefined;
  const started = stage.startedAt;
  return [
    ` ${paint[colour](turning ? SPINNER[frame % SPINNER.length]! : mark)}`,
    stage.status === 'pending' ? paint.dim(stage.key) : stage.key,
    paint.dim(harmless(stage.by ?? '')),
    started === undefined ? '' : elapsed(started, stage.endedAt ?? at),
    stage.costUsd === undefined ? '' : money(stage.costUsd),
    [countsOf(stage), harmless(stage.note ?? '')].filter((text) => text !== '').join(' · '),
  ];
}

/** A stage whose prompt waits for a session. */
function waitingRow(view: RunView, stage: StageRecord, options: RenderOptions): string[] | undefined {
  const { at, waiting } = options;
  const agent = waiting?.definition.stages.find(({ id }) => id === stageIdOf(stage.key));
  const known = { ...(waiting && { queue: waiting.queue }), ...(agent?.kind === 'agent' && { stage: agent }) };
  const wait =
    stage.status === 'running' || stage.status === 'waiting' ? stageWait(view.run, stage, at, known) : undefined;
  if (wait === undefined) return undefined;
  // It waits for a session and for nobody's decision: drawn as what goes on by itself.
  const [mark = '', key = ''] = stageRow({ ...stage, status: 'running' }, options);
  const counts = countsOf(stage);
  const where = renderStageWait(wait, options);
  const pools = options.paint.dim(wait.pools.join(', '));
  return [
    mark,
    key,
    pools,
    `waiting ${formatDuration(wait.waitedMs)}`,
    '',
    counts === '' ? where : `${counts} · ${where}`,
  ];
}

/** `turn 2`, `try 3`: only where it was not done at once. */
function countsOf({ turn, attempt, status }: StageRecord): string {
  if (status === 'pending') return '';
  return [turn > 1 ? `turn ${turn}` : '', attempt > 1 ? `try ${attempt}` : ''].filter((text) => text !== '').join(', ');
}

function failureLines({ failure, status }: StageRecord, paint: Paint): string[] {
  if (!failure || status === 'succeeded') return [];
  const evidence = failure.evidence === undefined ? [] : lastLines(excerpt(failure.evidence), 3);
  return [`     ${paint.red(harmless(failure.message))}`, ...evidence.map((line) => `     ${paint.dim(`│ ${line}`)}`)];
}

function lastLines(text: string, count: number): string[] {
  return text
    .split('\n')
    .map((line) => harmless(line).trimEnd())
    .filter((line) => line !== '')
    .slice(-count);
}

function undoLines(view: RunView, paint: Paint): string[] {
  return view.undos.map(({ label, outcome, message, attempts }) =>
    outcome === 'done'
      ? ` ${paint.yellow('↩')} ${harmless(label)}`
      : ` ${paint.red('✗')} could not ${harmless(label)} (${attempts} tries): ${harmless(message ?? 'no reason given')}`,
  );
}

function summary(view: RunView, { at, paint }: RenderOptions): string {
  const budget = view.budgetUsd === undefined ? '' : ` of ${money(view.budgetUsd)}`;
  const until = isEnd(view.status) ? (view.endedAt ?? at) : at;
  const parts = [`spent ${money(view.costUsd)}${budget}`, tokenCount(view.tokens), elapsed(view.startedAt, until)];
  return paint.dim(parts.join(' · '));
}
