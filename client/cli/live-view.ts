import { isEnd, type RunRef, type RunView } from '../../contracts/run';
import { ServiceError } from '../faults';
import { openGates, type OpenGate } from '../runs/decide-gate';
import { readView } from '../runs/read-run';
import type { RunExecution, Temporal } from '../temporal';
import { lookAtWaiting, type LookAtWaiting, type Waiting } from '../sessions/read-waiting';
import type { Cli } from './cli';
import { widthOfTerminal, type Terminal } from './io';
import { renderChanges } from './render/changes';
import { ESC } from './render/paint';
import { renderRun } from './render/run';
import { pause } from './wait';

const LOOK_MS = 500;
const FRAME_MS = 120;
/** All runs are looked at to know who waits before this one. */
const QUEUE_FRESH_MS = 2_000;

interface WatchOptions {
  /** When to come back; at the run's end when absent. */
  readonly until?: (view: RunView) => boolean;
  /** What was shown before and need not be told again. */
  readonly since?: RunView;
  /** The caller asks for decisions itself and ends what it started: nobody need be told how. */
  readonly asked?: boolean;
  /** Show it beside the answer, which alone is for standard output. */
  readonly aside?: boolean;
}

/** Follow a run to its end, drawn over on a terminal, line by line elsewhere, as JSON lines with --json. */
export async function watchRun(
  cli: Cli,
  run: RunRef,
  { until = ended, since, asked, aside }: WatchOptions = {},
): Promise<RunView> {
  cli.interruptHint = `${run.runId} goes on. Look again with \`gantry status ${run.runId} --watch\`.`;
  const temporal = await cli.temporal();
  const waiting = lookAtWaiting(temporal, QUEUE_FRESH_MS);
  const picture = pictureFor(cli, { since, asked: asked === true, aside: aside === true });
  try {
    for (;;) {
      const seen = await look(temporal, run, waiting, picture.trouble);
      picture.show(seen);
      if (until(seen.view)) return seen.view;
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

/** What one look sees. */
interface Seen {
  readonly view: RunView;
  readonly gates: readonly OpenGate[];
  readonly waiting?: Waiting;
}

interface Picture {
  show(seen: Seen): void;
  trouble(problem: string): void;
  end(): void;
}

function pictureFor(
  cli: Cli,
  { since, asked, aside }: { readonly since: RunView | undefined; readonly asked: boolean; readonly aside: boolean },
): Picture {
  if (cli.json)
    return aside ? { show: () => undefined, trouble: (line) => cli.note(line), end: () => undefined } : jsonLines(cli);
  const out = aside ? cli.io.stderr : cli.io.stdout;
  return out.isTTY === true ? drawing(cli, asked, out) : lines(cli, since, out);
}

const ended = (view: RunView) => isEnd(view.status);

/** One look. While the server or all workers are away the run is safe: say so, and look again until they are back. */
async function look(
  temporal: Temporal,
  run: RunRef,
  waiting: LookAtWaiting,
  trouble: (problem: string) => void,
): Promise<Seen> {
  for (;;) {
    try {
      const view = await readView(temporal, run);
      const [gates, waits] = await Promise.all([openGates(temporal, view), waiting(view)]);
      return { view, gates, ...(waits && { waiting: waits }) };
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
    show({ view }) {
      const { now: _now, ...rest } = view;
      const line = JSON.stringify(rest);
      if (line !== last) cli.io.stdout.write(`${JSON.stringify(view)}\n`);
      last = line;
    },
    trouble: (problem) => cli.note(problem),
    end: () => undefined,
  };
}

function lines(cli: Cli, since: RunView | undefined, out: Terminal): Picture {
  let last = since;
  let problem: string | undefined;
  return {
    show({ view }) {
      for (const line of renderChanges(last, view)) out.write(`${line}\n`);
      if (ended(view)) {
        out.write(`\n${renderRun(view, { paint: cli.paint, width: widthOfTerminal(out), at: Date.now() })}\n`);
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
function drawing(cli: Cli, asked: boolean, out: Terminal): Picture {
  let shown: Seen | undefined;
  let problem: string | undefined;
  let height = 0;
  let frame = 0;
  const draw = () => {
    const text = shown ? pictureOf(cli, out, { ...shown, asked }, frame++, problem) : (problem ?? '');
    // As one write, so that no half picture is ever seen.
    out.write(`${height > 0 ? `${ESC}${height}A` : ''}\r${ESC}0J${text}\n`);
    height = text.split('\n').length;
  };
  const timer = setInterval(draw, FRAME_MS);
  out.write(`${ESC}?25l`);
  return {
    show(seen) {
      shown = seen;
      problem = undefined;
    },
    trouble: (text) => (problem = text),
    end() {
      clearInterval(timer);
      draw();
      out.write(`${ESC}?25h`);
    },
  };
}

interface Shown extends Seen {
  readonly asked: boolean;
}

function pictureOf(
  cli: Cli,
  out: Terminal,
  { view, gates, waiting, asked }: Shown,
  frame: number,
  problem?: string,
): string {
  const url = cli.urlOf(view.run);
  const over = ended(view);
  const options = {
    paint: cli.paint,
    width: widthOfTerminal(out),
    at: Date.now(),
    gates: asked ? [] : gates,
    ...(waiting && { waiting }),
    ...(url && { url }),
  };
  const picture = renderRun(view, over ? options : { ...options, frame });
  const foot = over || asked ? [] : [cli.paint.dim('Ctrl-C leaves it running')];
  const all = [...picture.split('\n'), ...(problem === undefined ? [] : [cli.paint.yellow(problem)]), ...foot];
  // What has scrolled off the top cannot be drawn over: keep to the screen while it moves.
  const rows = out.rows ?? 24;
  return (over || all.length < rows ? all : [all[0], ...all.slice(-(rows - 2))]).join('\n');
}
