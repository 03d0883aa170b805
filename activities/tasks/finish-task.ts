import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import type { FinishTaskInput, FinishTaskResult } from '../../contracts/tasks/activities';
import { withHeartbeat } from '../heartbeat';
import { resultLines, type ResultLine } from './result-lines';
import type { TaskPorts } from './task-ports';

type Ports = Pick<TaskPorts, 'store' | 'files' | 'artifacts'>;

/** See TaskActivities. */
export async function finishTask(ports: Ports, input: FinishTaskInput): Promise<FinishTaskResult> {
  let written = 0;
  return withHeartbeat(
    () => ({ written }),
    async () => {
      const onLine = (): void => void (written += 1);
      const output = await writeFile(ports, input, 'output', onLine);
      const errors = await writeFile(ports, input, 'error', onLine);
      return {
        completed: output.lines,
        failed: errors.failed,
        ...(output.lines > 0 && { output: output.id }),
        ...(errors.lines > 0 && { errors: errors.id }),
      };
    },
  );
}

/** The file of all answers, or of all errors. There is none where it would be empty. */
async function writeFile(ports: Ports, input: FinishTaskInput, kind: 'output' | 'error', onLine: () => void) {
  const { task } = input;
  const id = fileIdOf(task.id, kind);
  const tally = { lines: 0, failed: 0, bytes: 0 };
  const write = async function* (): AsyncGenerator<Buffer> {
    for await (const { kind: of, asked, line } of resultLines(ports.store, input)) {
      onLine();
      if (of !== kind) continue;
      const bytes = Buffer.from(`${JSON.stringify(line)}\n`);
      tally.lines += 1;
      tally.bytes += bytes.length;
      if (of === 'error' && asked) tally.failed += 1;
      yield bytes;
    }
  };
  const content = await ports.artifacts.storeText(Readable.from(write()));
  if (tally.lines > 0) {
    await ports.files.put(task.team, {
      ...{ id, content, bytes: tally.bytes, createdAt: Date.now(), purpose: 'batch_output' },
      filename: `${task.id}_${kind}.jsonl`,
    });
  }
  return { id, ...tally };
}

/** The same on every try. */
export function fileIdOf(taskId: string, kind: ResultLine['kind']): string {
  return `file-${createHash('sha256').update(`${taskId}/${kind}`).digest('hex').slice(0, 24)}`;
}
