import { isEnd, type RunRef, type RunView } from '../../contracts/run';
import { ServiceError } from '../faults';
import { openGates, type OpenGate } from '../runs/decide-gate';
import { readView } from '../runs/read-run';
import type { RunExecution, Temporal } from '../temporal';
import type { Cli } from './cli';
import { renderChanges } from './render/changes';
import { ESC } from './render/paint';
import { renderRun } from './render/run';

const LOOK_MS = 500;
const FRAME_MS = 120;

interface WatchOptions {
  /** When to come back; at the run's end when absent. */
  readonly until?: (view: RunView) => boolean;
  /** What was shown before and need not be told again. */
  readonly since?: RunView;
  /** The caller asks for decisions itself and ends what it started: nobody need be told how. */
  readonly asked?: boolean;
}

/** Follow a run to its end, drawn over on a terminal, line by line elsewhere, as JSON lines with --json. */
export async function watchRun(
  cli: Cli,
  run: RunRef,
  { until = ended, since, asked }: WatchOptions = {},
): Promise<RunView> {
  cli.interruptHint = `${run.runId} goes on. Look again with \`gantry status ${run.runId} --watch\`.`;
  const temporal = await cli.temporal();
  const picture = cli.json
    ? jsonLines(cli)
    : cli.io.stdout.isTTY === true
      ? drawing(cli, asked === true)
      : lines(cli, since);
  try {
    for (;;) {
      const { view, gates } = await look(temporal, run, picture.trouble);
      picture.show(view, gates);
      if (until(view)) return view;
      await pause(LOOK_MS, cli.io.signal);
    }
  } finally {
    picture.end();
  }
}

/** What a run has shown so far: whoever follows it from here on need not be told again. */
export async function shownSoFar(cli: Cli, { run, open }: RunExecution): Promise<RunView> {
  const view = await readView(await cli.temporal(), run);
  // The next execution of an ended run counts its own undos.
  return open ? view : { ...view, undos: [] };
}

interface Picture {
  show(view: RunView, gates: readonly OpenGate[]): void;
  trouble(problem: string): void;
  end(): void;
}

const ended = (view: RunView) => isEnd(view.status);

/** One look. While the server or all workers are away the run is safe: say so, and look again until they are back. */
async function look(temporal: Temporal, run: RunRef, trouble: (problem: string) => void) {
  for (;;) {
    try {
      const view = await readView(temporal, run);
      return { view, gates: await openGates(temporal, view) };
    } catch (error) {
      if (!(error instanceof ServiceError)) throw error;
      trouble(error.message);
      await pause(LOOK_MS);
    }
  }
}

function jsonLines(cli: Cli): Picture {
  let last = '';
  return {
    show(view) {
      const { now: _now, ...rest } = view;
      const line = JSON.stringify(rest);
      if (line !== last) cli.io.stdout.write(`${JSON.stringify(view)}\n`);
      last = line;
    },
    trouble: (problem) => cli.note(problem),
    end: () => undefined,
  };
}

function lines(cli: Cli, since: RunView | undefined): Picture {
  let last = since;
  let problem: string | undefined;
  return {
    show(view) {
      for (const line of renderChanges(last, view)) cli.io.stdout.write(`${line}\n`);
      if (ended(view)) {
        cli.io.stdout.write(`\n${renderRun(view, { paint: cli.paint, width: cli.width, at: Date.now() })}\n`);
      }
      last = view;
      problem = undefined;
    },
    trouble(text) {
      if (text !== problem) cli.note(text);
      problem = text;
    },
    end: () => undefined,
  };
}

/** Drawn over itself a few times a second, so that marks turn and times run between two looks. */
function drawing(cli: Cli, asked: boolean): Picture {
  const { stdout } = cli.io;
  let shown: { view: RunView; gates: readonly OpenGate[] } | undefined;
  let problem: string | undefined;
  let height = 0;
  let frame = 0;
  const draw = () => {
    const text = shown ? pictureOf(cli, { ...shown, asked }, frame++, problem) : (problem ?? '');
    // As one write, so that no half picture is ever seen.
    stdout.write(`${height > 0 ? `${ESC}${height}A` : ''}\r${ESC}0J${text}\n`);
    height = text.split('\n').length;
  };
  const timer = setInterval(draw, FRAME_MS);
  stdout.write(`${ESC}?25l`);
  return {
    show(view, gates) {
      shown = { view, gates };
      problem = undefined;
    },
    trouble: (text) => (problem = text),
    end() {
      clearInterval(timer);
      draw();
      stdout.write(`${ESC}?25h`);
    },
  };
}

interface Shown {
  readonly view: RunView;
  readonly gates: readonly OpenGate[];
  readonly asked: boolean;
}

function pictureOf(cli: Cli, { view, gates, asked }: Shown, frame: number, problem?: string): string {
  const url = cli.urlOf(view.run);
  const over = ended(view);
  const options = {
    paint: cli.paint,
    width: cli.width,
    at: Date.now(),
    gates: asked ? [] : gates,
    ...(url && { url }),
  };
  const picture = renderRun(view, over ? options : { ...options, frame });
  const foot = over || asked ? [] : [cli.paint.dim('Ctrl-C leaves it running')];
  const all = [...picture.split('\n'), ...(problem === undefined ? [] : [cli.paint.yellow(problem)]), ...foot];
  // What has scrolled off the top cannot be drawn over: keep to the screen while it moves.
  const rows = cli.io.stdout.rows ?? 24;
  return (over || all.length < rows ? all : [all[0], ...all.slice(-(rows - 2))]).join('\n');
}

/** Wait, or less when the command is interrupted. */
export function pause(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal?.addEventListener('abort', end);
  });
}
