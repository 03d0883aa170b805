import { execFileSync } from 'node:child_process';
import type { Cli } from '../../client/cli/cli';
import { money } from '../../client/cli/render/figures';
import { formatDuration } from '../../contracts/duration';
import type { RunView } from '../../contracts/run';
import type { JsonObject } from '../../contracts/json';

/** What was made, and where to look at it. */
export function summarise(cli: Cli, view: RunView, repository: string): string {
  const { paint } = cli;
  const tests = view.stages.find(({ key }) => key === 'test');
  const rows = [
    ['Branch', branchOf(view)],
    ['Commits', commitsOf(repository, view).join(`\n${' '.repeat(11)}`)],
    ['Tests', tests === undefined ? 'not run' : `${tests.status} (${tests.note ?? ''})`],
    ['Page', pageOf(view) ?? 'not served'],
    ['Cost', `${money(view.costUsd)}, ${view.tokens} tokens`],
    ['Took', formatDuration((view.endedAt ?? view.now) - view.startedAt)],
    ['Web UI', cli.urlOf(view.run) ?? 'none'],
    ['Repository', repository],
  ];
  return rows.map(([name = '', value = '']) => `${paint.bold(name.padEnd(10))} ${value}`).join('\n');
}

function branchOf({ workspace, stages }: RunView): string {
  if (workspace === undefined) return 'none';
  return `${workspace.branch}, ${isMerged(stages) ? `merged into ${workspace.base}` : 'not merged'}`;
}

function isMerged(stages: RunView['stages']): boolean {
  return stages.some(({ kind, status }) => kind === 'merge' && status === 'succeeded');
}

/** Where the deployed page is. */
export function pageOf(view: RunView): string | undefined {
  const port = view.workspace?.ports['web'];
  const deployed = view.stages.some(({ key, status }) => key === 'deploy' && status === 'succeeded');
  return deployed && port !== undefined ? `http://127.0.0.1:${port}/` : undefined;
}

/** The process that serves the page: it outlives the worker, as a deployed service does. */
export function servicePid(view: RunView): number | undefined {
  const output = view.stages.find(({ key }) => key === 'deploy')?.output as JsonObject | undefined;
  const pid = output?.['pid'];
  return typeof pid === 'number' ? pid : undefined;
}

function commitsOf(repository: string, view: RunView): string[] {
  if (view.workspace === undefined) return [];
  const { base, baseCommit, branch } = view.workspace;
  const range = `${baseCommit}..${isMerged(view.stages) ? base : branch}`;
  const log = execFileSync('git', ['-C', repository, 'log', '--no-merges', '--format=%h %s', range], {
    encoding: 'utf8',
  });
  return log.trim().split('\n');
}
