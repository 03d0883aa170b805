import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { AgentEvents } from './agent-events';
import { applyEdits, commitFiles } from './apply-edits';
import { askForEdit } from './ask-for-edit';
import { describeRepository } from './describe-repository';

export interface WorkContext {
  readonly cwd: string;
  readonly signal: AbortSignal;
  readonly events: AgentEvents;
  readonly print: (line: string) => void;
}

/** Do what a prompt says: ask for an edit, make it, commit it. Gives what there is to say about it. */
export async function workOn(prompt: string, { cwd, signal, events, print }: WorkContext): Promise<string> {
  const repository = await describeRepository(cwd, prompt);
  const answer = await askForEdit(prompt, repository, signal);
  signal.throwIfAborted();
  const changed = await applyEdits(cwd, answer.edits);
  for (const path of changed) {
    print(`edited ${path}`);
    events.emit('PostToolUse', { tool_name: 'Edit', tool_input: { file_path: join(cwd, path) } });
  }
  if (changed.length > 0) {
    const commit = await commitFiles(cwd, changed, answer.commit);
    print(`committed ${commit}`);
    events.emit('PostToolUse', { tool_name: 'Bash', tool_input: { command: 'git commit' } });
  }
  const outputPath = process.env['GANTRY_OUTPUT'];
  if (answer.output !== undefined && outputPath) await writeFile(outputPath, JSON.stringify(answer.output));
  return answer.say;
}
