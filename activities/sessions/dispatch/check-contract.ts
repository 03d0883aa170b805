import { isAbsolute, join, relative } from 'node:path';
import type { CommandResult, DispatchInput, RunCommandInput } from '../../../contracts/activities';
import type { Workspace } from '../../../contracts/run';
import { tailOf, type Text } from '../../../contracts/text';
import { failure } from '../../failure';
import { exists } from '../../files/whole-file';
import { gitFacts, type GitFacts } from './git-facts';

const EVIDENCE_CHARACTERS = 8_000;
const NAMED_FILES = 20;

export interface ContractPorts {
  readonly runCommand: (input: RunCommandInput) => Promise<CommandResult>;
  readonly storeText: (text: string) => Promise<Text>;
}

export interface ContractReport extends GitFacts {
  /** One line for people: `2 commits · contract met`. */
  readonly summary: string;
}

/** Without a workspace there is nothing to commit to. */
const NO_GIT: GitFacts = { head: '', commits: 0, uncommitted: [] };

/** Where the agent worked, and the commit it began at. */
export interface WorkDone {
  readonly cwd: string;
  readonly start: string;
  readonly workspace: Workspace | undefined;
}

/**
 * Judge an agent by what it did, not by what it says.
 * Fails: Agent.ContractNotMet, with what is missing as evidence.
 */
export async function checkContract(
  input: DispatchInput,
  work: WorkDone,
  ports: ContractPorts,
): Promise<ContractReport> {
  const facts = work.workspace === undefined ? NO_GIT : await gitFacts(work.cwd, work.start);
  const problems = [...commitProblems(input, facts), ...(await missingFiles(input, work.cwd))];
  // The command is asked only when the rest holds: it may take minutes.
  const verdict = problems.length === 0 ? await runCheck(input, work.workspace, ports) : undefined;
  if (verdict !== undefined) problems.push(verdict.problem);
  if (problems.length > 0) {
    const evidence = [...problems, ...(verdict ? [verdict.log] : []), ...leftovers(facts)].join('\n');
    throw failure('Agent.ContractNotMet', `The agent said it was done, but ${problems.join('; ')}.`, {
      evidence: await ports.storeText(evidence),
    });
  }
  return { ...facts, summary: summarise(input, facts) };
}

function commitProblems({ contract }: DispatchInput, { commits, uncommitted }: GitFacts): string[] {
  const problems: string[] = [];
  const { minCommits, maxCommits } = contract;
  if (minCommits !== undefined && commits < minCommits) problems.push(`it made ${count(commits)} of ${minCommits}`);
  if (maxCommits !== undefined && commits > maxCommits) {
    problems.push(`it made ${count(commits)}, ${maxCommits} at most are allowed`);
  }
  if (contract.clean && uncommitted.length > 0) problems.push(`it left ${uncommitted.length} files uncommitted`);
  return problems;
}

async function missingFiles({ contract }: DispatchInput, cwd: string): Promise<string[]> {
  const problems: string[] = [];
  for (const file of contract.files) {
    const path = join(cwd, file);
    const way = relative(cwd, path);
    if (isAbsolute(file) || way.startsWith('..')) {
      throw failure('Path.Escapes', `The contract names "${file}", which lies outside the workspace.`);
    }
    if (!(await exists(path))) problems.push(`${file} is missing`);
  }
  return problems;
}

async function runCheck(
  { contract, run, dispatchId, timeoutMs }: DispatchInput,
  workspace: Workspace | undefined,
  { runCommand }: ContractPorts,
): Promise<{ problem: string; log: string } | undefined> {
  if (!contract.run) return undefined;
  const executionId = `${dispatchId}.contract`;
  const where = workspace === undefined ? {} : { workspace };
  const result = await runCommand({ run, executionId, command: contract.run, ...where, timeoutMs });
  if (result.exitCode === 0 && !result.timedOut) return undefined;
  const how = result.timedOut ? 'did not end in time' : `ended with exit code ${result.exitCode}`;
  return { problem: `\`${contract.run.command}\` ${how}`, log: tailOf(result.log, EVIDENCE_CHARACTERS) };
}

function summarise({ contract }: DispatchInput, { commits, uncommitted }: GitFacts): string {
  const hasContract =
    contract.run !== undefined || contract.minCommits !== undefined || contract.files.length > 0 || contract.clean;
  const parts = [count(commits)];
  if (uncommitted.length > 0) parts.push(`${uncommitted.length} files uncommitted`);
  if (hasContract) parts.push('contract met');
  return parts.join(' · ');
}

function leftovers({ uncommitted }: GitFacts): string[] {
  if (uncommitted.length === 0) return [];
  const more = uncommitted.length > NAMED_FILES ? [`and ${uncommitted.length - NAMED_FILES} more`] : [];
  return ['Uncommitted:', ...uncommitted.slice(0, NAMED_FILES), ...more];
}

function count(commits: number): string {
  return commits === 1 ? '1 commit' : `${commits} commits`;
}
