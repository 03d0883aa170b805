/** What a stage, input, port, pipeline or project may be called. Safe in paths, refs and tmux names. */
export const NAME_PATTERN = /^[a-z][a-z0-9_-]{0,39}$/;

/** What a run may be called: a name with an ending that makes it unique. Good for a branch, a file and a workflow id. */
export const RUN_ID_PATTERN = /^(?!.*\.\.)(?!.*\.lock$)(?!.*\.$)[a-z0-9][a-z0-9_.-]{0,119}$/;

/**
 * One execution of a stage's work: the stage, or one cell of its matrix (`test` or `test[18,linux]`).
 * Matrix values are part of the key as they were written; use `slug` where a file name is wanted.
 */
export type StageKey = string;

export function stageKey(stageId: string, matrixLabel?: string): StageKey {
  return matrixLabel === undefined ? stageId : `${stageId}[${matrixLabel}]`;
}

/** The stage a key belongs to. */
export function stageIdOf(key: StageKey): string {
  const bracket = key.indexOf('[');
  return bracket < 0 ? key : key.slice(0, bracket);
}

/** Text made safe for a file name, a git ref component and a tmux name; distinct texts may meet. */
export function slug(text: string, maxLength = 40): string {
  const safe = text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, maxLength)
    .replace(/-+$/g, '');
  return safe === '' ? 'x' : safe;
}

/**
 * A stage key as part of a file name, ref or id. Distinct keys stay distinct: what `slug` loses (`test[a b]` and
 * `test[a-b]`) is made up for by a few characters of a hash. So is `lock`: git has no ref that ends in `.lock`.
 */
export function keySlug(key: StageKey): string {
  return /^(?!lock$)[a-z0-9-]{1,40}$/.test(key) ? key : `${slug(key, 31)}-${hash32(key)}`;
}

/** FNV-1a: short, the same everywhere, and available where workflows run. Not for secrets. */
export function hash32(text: string): string {
  let hash = 0x811c9dc5;
  for (const character of text) hash = Math.imul(hash ^ character.codePointAt(0)!, 0x01000193);
  return (hash >>> 0).toString(16).padStart(8, '0');
}

const WORKFLOW_PREFIX = 'run/';

/** The Temporal workflow id of a run: `run/<project>/<runId>`. */
export function runWorkflowId(project: string, runId: string): string {
  return `${WORKFLOW_PREFIX}${project}/${runId}`;
}

/** The inverse of {@link runWorkflowId}; undefined for another kind of workflow. */
export function parseRunWorkflowId(workflowId: string): { project: string; runId: string } | undefined {
  const match = /^run\/([^/]+)\/([^/]+)$/.exec(workflowId);
  return match ? { project: match[1]!, runId: match[2]! } : undefined;
}

/** The id of the run a stage nests: `<runId>.<stage>`. */
export function nestedRunId(parentRunId: string, key: StageKey): string {
  return `${parentRunId}.${keySlug(key)}`;
}

/** The branch a run works on. */
export function runBranch(runId: string): string {
  return `gantry/${runId}`;
}

/** The branch of a stage that works apart from its run, in a worktree of its own. */
export function stageBranch(runId: string, key: StageKey): string {
  return `gantry/${runId}--${keySlug(key)}`;
}

/** Where work that nobody merged is kept before its worktree or branch is removed. */
export function salvageRef(runId: string, label: string): string {
  return `refs/gantry/salvage/${runId}/${slug(label)}`;
}

/**
 * One prompt sent to one session. Made in the workflow, so that every retry of the activity carries the same id;
 * a new turn or a recorded new attempt gets a new one.
 */
export function dispatchId(runId: string, key: StageKey, turn: number, attempt: number): string {
  return `${runId}.${keySlug(key)}.${turn}.${attempt}`;
}

/**
 * One place of a dispatch in the queue of a pool, and the lease that may come of it.
 * @param place Which of its places there, from 1 on: it takes another when its priority changes or a lease was lost.
 */
export function leaseId(dispatch: string, pool: string, place: number): string {
  return `${dispatch}@${pool}${place === 1 ? '' : `.${place}`}`;
}

/** The gate of a stage. An agent may ask a second thing while the first is undecided: `implement`, `implement.2`. */
export function gateName(key: StageKey, number = 1): string {
  return number === 1 ? key : `${key}.${number}`;
}

/** The inverse of {@link gateName}. A stage's name holds no dot, and a cell's key ends in a bracket. */
export function stageOfGate(gate: string): StageKey {
  return gate.replace(/\.\d+$/, '');
}

/** Where a branch of a run is published for hosts that do not share its home. */
export function publishedRef(branch: string): string {
  return `refs/gantry/runs/${branch.replace(/^gantry\//, '')}`;
}

/** Where such a host publishes what an agent committed; all of a run's are below the first of the two. */
export function dispatchRefs(runId: string): string {
  return `refs/gantry/dispatches/${runId}/`;
}

export function dispatchRef(runId: string, dispatchId: string): string {
  return `${dispatchRefs(runId)}${dispatchId}`;
}
