import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { runWorkflowId } from '../../../contracts/ids';
import type { Json } from '../../../contracts/json';
import { FailedError, UserError } from '../../faults';
import { replayProgram } from '../../server/programs';
import type { Cli } from '../cli';
import type { AddCommand } from '../add-command';
import { renderHistory } from '../render/history';

export const addReplay: AddCommand = (program, cli) => {
  program
    .command('replay')
    .argument('[run]', 'which run', 'latest')
    .description("Show a run's history step by step, and check that the workflows of today would do the same")
    .option('--file <history.json>', 'a history exported earlier, instead of a run')
    .option('--export', 'print the history as JSON, as Temporal and --file read it')
    .action(async (word: string, options: { file?: string; export?: boolean }) => {
      const { workflowId, history } = options.file ? fromFile(options.file) : await fromRun(cli(), word);
      if (options.export) return void cli().io.stdout.write(`${JSON.stringify(history)}\n`);
      const { paint, width } = cli();
      if (!cli().json) cli().answer(undefined, renderHistory(history.events, { paint, width }));
      const verdict = await replay(workflowId, history, cli().io.env);
      const text = `${history.events.length} events; the workflows of today do the same, step by step.`;
      if (!verdict.ok) throw new FailedError(`The replay differs: ${verdict.message}`, NOT_DETERMINISTIC);
      cli().answer({ workflowId, events: history.events.length, ...verdict }, paint.green(text));
    });
};

const NOT_DETERMINISTIC =
  'Runs like this one would stop at that step after an upgrade: see "patched" in docs/operations.md.';

interface Recorded {
  readonly workflowId: string;
  readonly history: { readonly events: readonly Record<string, Json>[] };
}

async function fromRun(cli: Cli, word: string): Promise<Recorded> {
  const { run } = await cli.findRun(word);
  const history = await (await cli.temporal()).runs.history(run);
  return { workflowId: runWorkflowId(run.project, run.runId), history };
}

function fromFile(file: string): Recorded {
  try {
    const history = JSON.parse(readFileSync(file, 'utf8')) as Recorded['history'];
    if (Array.isArray(history.events)) return { workflowId: 'run/replayed/from-file', history };
  } catch (error) {
    throw new UserError(`${file}: ${(error as Error).message}`);
  }
  throw new UserError(`${file} is no history: it has no events.`, 'Export one with `gantry replay RUN --export`.');
}

/** In a process of its own: only workers may load the workflow runtime. */
async function replay(workflowId: string, history: Recorded['history'], env: NodeJS.ProcessEnv) {
  const child = spawn(process.execPath, [replayProgram(), workflowId], { stdio: ['pipe', 'pipe', 'inherit'], env });
  let answer = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (answer += chunk));
  child.stdin.on('error', () => undefined); // it ended before it read: its exit tells
  child.stdin.end(JSON.stringify(history));
  await new Promise((resolve, reject) => child.once('error', reject).once('close', resolve));
  return JSON.parse(answer) as { readonly ok: boolean; readonly message: string };
}
