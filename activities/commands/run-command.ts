import { open } from 'node:fs/promises';
import type { CommandResult, RunCommandInput } from '../../contracts/activities';
import type { Json } from '../../contracts/json';
import { outputSchema } from '../../contracts/schemas/output';
import type { Shape } from '../../contracts/shape';
import type { Text } from '../../contracts/text';
import { failure } from '../failure';
import { isCode, writeWhole } from '../files/whole-file';
import type { Attempt } from '../heartbeat';
import type { Host } from '../host';
import { execute, type Execution } from './execute';

/** An output travels through the history of the run; longer things belong into files. */
/** What is read into memory at all; what is too large for a history is stored, see artifacts/large-outputs.ts. */
const OUTPUT_LIMIT_BYTES = 16 * 1024 * 1024;

/** {@link CommandActivities.runCommand} */
export async function runCommand(host: Host, input: RunCommandInput, attempt: Attempt): Promise<CommandResult> {
  const { run, executionId, command, workspace, timeoutMs } = input;
  const dir = host.paths.command(run.runId, executionId);
  const execution = await execute(
    host,
    { dir, run, command, timeoutMs, ...(workspace && { cwd: workspace.path }) },
    attempt,
  );
  const { exitCode, timedOut, durationMs, log } = execution;
  const shape = exitCode === 0 && !timedOut ? input.output : undefined;
  return {
    exitCode,
    timedOut,
    durationMs,
    log,
    ...(shape !== undefined && { output: await redactedOutput(host, execution, shape) }),
  };
}

/** The output as it may be seen, here and in the file. */
async function redactedOutput(host: Host, execution: Execution, shape: Shape): Promise<Json> {
  const output = host.redactor.redactJson(await readOutput(execution, shape));
  await writeWhole(execution.outputPath, JSON.stringify(output));
  return output;
}

async function readOutput({ outputPath, log }: Execution, shape: Shape): Promise<Json> {
  const text = await readLimited(outputPath, log);
  const parsed = outputSchema(shape).safeParse(parseJson(text, log));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const where = issue?.path.length ? `at ${issue.path.join('.')}: ` : '';
  throw invalid(`What the command wrote to $GANTRY_OUTPUT does not match its output: ${where}${issue?.message}.`, log);
}

async function readLimited(path: string, log: Text): Promise<string> {
  const file = await open(path).catch((error: unknown) => {
    if (!isCode(error, 'ENOENT')) throw error;
    throw invalid('The command wrote nothing to $GANTRY_OUTPUT, and its stage declares an output.', log);
  });
  try {
    const { size } = await file.stat();
    if (size <= OUTPUT_LIMIT_BYTES) return await file.readFile('utf8');
    throw invalid(
      `The command wrote ${size} bytes to $GANTRY_OUTPUT; ${OUTPUT_LIMIT_BYTES} are the most. Write a file and name it.`,
      log,
    );
  } finally {
    await file.close();
  }
}

function parseJson(text: string, log: Text): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw invalid(`What the command wrote to $GANTRY_OUTPUT is not JSON: ${(error as Error).message}.`, log);
  }
}

function invalid(message: string, evidence: Text): Error {
  return failure('Stage.OutputInvalid', message, { evidence });
}
