import { suggestion } from '../../contracts/nearest-word';
import { RUN_ID_PATTERN } from '../../contracts/ids';
import { NotFoundError, UserError } from '../faults';
import type { RunExecution, Temporal } from '../temporal';

/** How far back an abbreviated name is looked for. */
const LOOK_BACK = 1_000;

/**
 * The run a person means by `latest`, `<id>`, the beginning of an id that fits one run only, or any of these after
 * `<project>/`. Fails: NotFoundError, UserError when it fits several.
 */
export async function findRun(temporal: Temporal, word: string): Promise<RunExecution> {
  const { project, name } = splitWord(word);
  if (project !== undefined && name !== 'latest') {
    const exact = await describeIfThere(temporal, project, name);
    if (exact) return exact;
  }
  const runs = await temporal.runs.list({ limit: LOOK_BACK, ...(project !== undefined && { project }) });
  if (name === 'latest') return latestOf(runs, project);
  const exact = runs.filter(({ run }) => run.runId === name);
  const fitting = exact.length > 0 ? exact : runs.filter(({ run }) => run.runId.startsWith(name));
  const [only] = fitting;
  if (only && fitting.length === 1) return only;
  if (only) throw ambiguous(word, fitting);
  const found = await findNested(temporal, runs, name);
  if (found) return found;
  const ids = runs.map(({ run }) => run.runId);
  throw new NotFoundError(`No run "${word}". ${suggestion(name, ids, 5) ?? ''}`.trim(), 'See them with `gantry list`.');
}

function splitWord(word: string): { readonly project?: string; readonly name: string } {
  const parts = word.replace(/^run\//, '').split('/');
  const [first = '', second] = parts;
  const name = second ?? first;
  // What cannot be an id would only come back from the server as an unreadable complaint.
  if (parts.length > 2 || !RUN_ID_PATTERN.test(name)) {
    throw new UserError(`"${word}" is no run id.`, 'Name a run by `latest`, its id or the beginning of it.');
  }
  return second === undefined ? { name } : { project: first, name };
}

/** `<parent>.<stage>`: a nested run is not in the list, and lives in the project of its parent. */
async function findNested(temporal: Temporal, runs: readonly RunExecution[], name: string) {
  const parent = runs.find(({ run }) => name.startsWith(`${run.runId}.`));
  return parent && describeIfThere(temporal, parent.run.project, name);
}

async function describeIfThere(temporal: Temporal, project: string, runId: string): Promise<RunExecution | undefined> {
  try {
    return await temporal.runs.describe({ project, runId });
  } catch (error) {
    if (error instanceof NotFoundError) return undefined;
    throw error;
  }
}

function latestOf(runs: readonly RunExecution[], project: string | undefined): RunExecution {
  const [newest] = runs;
  if (newest) return newest;
  const where = project === undefined ? '' : ` in project "${project}"`;
  throw new NotFoundError(`There is no run yet${where}.`, 'Start one with `gantry start FILE.yaml`.');
}

function ambiguous(word: string, fitting: readonly RunExecution[]): UserError {
  const several = new Set(fitting.map(({ run }) => run.project)).size > 1;
  const names = fitting.slice(0, 5).map(({ run }) => (several ? `${run.project}/${run.runId}` : run.runId));
  const more = fitting.length > names.length ? ` and ${fitting.length - names.length} more` : '';
  return new UserError(`"${word}" may be ${names.join(', ')}${more}.`, 'Write more of it.');
}
