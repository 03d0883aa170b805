import type { DispatchInput } from '../../../contracts/activities';
import { describeShape } from '../../../contracts/schemas/output';

/**
 * The whole prompt of an agent: what the stage says, what it attaches, and what the engine will look for when the
 * turn is over. An agent that is not told cannot know.
 */
export function composePrompt(input: DispatchInput, attachments: string): string {
  const parts = [input.prompt, attachments, describeContract(input.contract), describeOutput(input.output)];
  return parts.filter((part) => part !== '').join('\n\n');
}

function describeContract(contract: DispatchInput['contract']): string {
  const demands: string[] = [];
  const { minCommits, maxCommits } = contract;
  if (minCommits !== undefined && minCommits > 0) {
    demands.push(`Commit your work to the current branch${maxCommits === 1 ? ' as one commit' : ''}. Do not push.`);
  }
  if (minCommits === 0 && maxCommits === 0) demands.push('Do not commit.');
  if (contract.clean) demands.push('Leave nothing uncommitted.');
  if (contract.files.length > 0) demands.push(`These files must exist afterwards: ${contract.files.join(', ')}.`);
  if (contract.run) demands.push('A command will check your work afterwards.');
  return demands.join(' ');
}

function describeOutput(shape: DispatchInput['output']): string {
  if (shape === undefined) return '';
  return `Before you finish, write your result as JSON to the file named by the environment variable GANTRY_OUTPUT: ${describeShape(shape)}`;
}
