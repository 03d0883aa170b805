import { randomBytes } from 'node:crypto';
import type { Mode, PipelineDefinition } from '../../contracts/definition';
import { slug } from '../../contracts/ids';
import type { JsonObject } from '../../contracts/json';
import type { RunInput } from '../../contracts/run';
import type { RunExecution, Temporal } from '../temporal';

const VISIBLE_WITHIN_MS = 3_000;

export interface StartRequest {
  readonly project: string;
  readonly definition: PipelineDefinition;
  readonly inputs: JsonObject;
  readonly mode: Mode;
  readonly priority: number;
  readonly repo?: string;
  readonly base?: string;
  readonly startedBy: string;
  /** Made from the inputs when absent. A run id is given once in a project, for ever. */
  readonly runId?: string;
}

/** Start a run and come back once `latest` would find it. Fails: RefusedError when the id is taken. */
export async function startRun(temporal: Temporal, request: StartRequest): Promise<RunExecution> {
  const { project, runId = makeRunId(request.definition, request.inputs), ...rest } = request;
  const input: RunInput = { ...rest, run: { project, runId } };
  const started = await temporal.runs.start(input, { again: false, details: describePipeline(request.definition) });
  await untilListed(temporal, started);
  return started;
}

/** A name that says what the run is for, and an ending that makes it unique: `memory-keys-7f3a`. */
export function makeRunId(definition: PipelineDefinition, inputs: JsonObject): string {
  const words = Object.values(inputs).find((value) => typeof value === 'string' && /\s/.test(value));
  const name = typeof words === 'string' ? slug(words.split(/\s+/).slice(0, 3).join(' '), 32) : definition.name;
  return `${name}-${randomBytes(3).toString('hex')}`;
}

/** Markdown for the Web UI: what this run is going to do. */
function describePipeline(definition: PipelineDefinition): string {
  const stages = definition.stages.map(({ id, kind, needs, description }) => {
    const after = needs.length > 0 ? ` after ${needs.join(', ')}` : '';
    return `- **${id}** (${kind})${after}${description ? `: ${description}` : ''}`;
  });
  return [definition.description ?? `Pipeline ${definition.name}`, '', ...stages].join('\n').slice(0, 15_000);
}

/** Visibility lags a little; without this, `latest` right after a start could be the run before. */
async function untilListed(temporal: Temporal, started: RunExecution): Promise<void> {
  const { project, runId } = started.run;
  for (const deadline = Date.now() + VISIBLE_WITHIN_MS; Date.now() < deadline;) {
    const listed = await temporal.runs.list({ project, limit: 50 });
    if (listed.some(({ run }) => run.runId === runId)) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
