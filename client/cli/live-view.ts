import { isEnd, type RunRef, type RunView } from '../../contracts/run';
import { ServiceError } from '../faults';
import { openGates } from '../runs/decide-gate';
import { readView } from '../runs/read-run';
import type { RunExecution, Temporal } from '../temporal';
import { lookAtWaiting, type LookAtWaiting } from '../sessions/read-waiting';
import type { Cli } from './cli';
import { pictureFor, type Seen } from './pictures';
import { pause } from './wait';

const LOOK_MS = 500;
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
  { until = ({ status }) => isEnd(status), since, asked, aside }: WatchOptions = {},
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
