import type { Command } from 'commander';
import { decideGate, leaveVote, type Vote } from '../../runs/decide-gate';
import { readView } from '../../runs/read-run';
import type { Cli } from '../cli';
import type { AddCommand } from '../add-command';

export const addApprove: AddCommand = (program, cli) => {
  addVote(program, cli, 'approve', 'Vote for going on at a gate');
};

export const addReject: AddCommand = (program, cli) => {
  addVote(program, cli, 'reject', 'Refuse at a gate');
};

function addVote(program: Command, cli: () => Cli, decision: Vote['decision'], description: string): void {
  program
    .command(decision)
    .argument('<run>', 'which run')
    .argument('[gate]', 'which gate; the open one when there is one only')
    .description(description)
    .option('-c, --comment <text>', 'why; kept in the audit trail')
    .option('--no-wait', 'leave the vote with the server and do not wait for a worker to count it')
    .action(async (word: string, gate: string | undefined, options: { comment?: string; wait: boolean }) => {
      const { comment, wait } = options;
      const { run } = await cli().findRun(word);
      const temporal = await cli().temporal();
      const vote = { decision, who: cli().who, ...(gate && { gate }), ...(comment !== undefined && { comment }) };
      const message = wait
        ? await decideGate(temporal, await readView(temporal, run), vote)
        : await leaveVote(temporal, run, vote);
      cli().answer({ run, message }, message);
    });
}
