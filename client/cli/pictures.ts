import { isEnd, type RunView } from '../../contracts/run';
import type { OpenGate } from '../runs/decide-gate';
import type { Waiting } from '../sessions/read-waiting';
import type { Cli } from './cli';
import { widthOfTerminal, type Terminal } from './io';
import { renderChanges } from './render/changes';
import { ESC } from './render/paint';
import { renderRun } from './render/run';

const FRAME_MS = 120;

/** What one look sees. */
export interface Seen {
  readonly view: RunView;
  readonly gates: readonly OpenGate[];
  readonly waiting?: Waiting;
}

/** How a run is shown while it is followed. */
export interface Picture {
  show(seen: Seen): void;
  trouble(problem: string): void;
  end(): void;
}

/** Drawn over on a terminal, line by line elsewhere, as JSON lines with --json; beside the answer, on standard error. */
export function pictureFor(
  cli: Cli,
  { since, asked, aside }: { readonly since: RunView | undefined; readonly asked: boolean; readonly aside: boolean },
): Picture {
  if (cli.json) return aside ? hidden(cli) : jsonLines(cli);
  const out = aside ? cli.io.stderr : cli.io.stdout;
  return out.isTTY === true ? drawing(cli, asked, out) : lines(cli, since, out);
}

function hidden(cli: Cli): Picture {
  return { show: () => undefined, trouble: (problem) => cli.note(problem), end: () => undefined };
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
      if (isEnd(view.status)) {
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
  const over = isEnd(view.status);
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
