import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DispatchInput, DispatchResult } from '../../../../contracts/activities';
import { dispatchRef, runBranch } from '../../../../contracts/ids';
import type { Workspace } from '../../../../contracts/run';
import { homeId } from '../../../../activities/workspaces/home-id';
import { prepareWorkspace } from '../../../../activities/workspaces/prepare-workspace';
import { publishBranch } from '../../../../activities/workspaces/publish-branch';
import { visitWorkspace } from '../../../../activities/workspaces/visit-workspace';
import { AgentBench, quietEnvironment } from '../../../support/agent-bench';
import { dispatchOnHost, openBenchHost } from '../../../support/session-bench';
import { temporaryHost, UNDISTURBED } from '../../../support/temporary-home';

// Agents on hosts that do not share the home of the run: what they did reaches the next attempt, wherever that is.

const RUN = { project: 'p', runId: 'r-1' };
let bench: AgentBench;
let workspace: Workspace;

beforeEach(async () => {
  bench = new AgentBench();
  const home = temporaryHost(bench.root, { home: join(bench.root, 'home-of-the-run') });
  const claim = { repo: bench.repository, runId: RUN.runId, branch: runBranch(RUN.runId) };
  workspace = await prepareWorkspace(home, { run: RUN, claim, ports: [] }, UNDISTURBED);
  await publishBranch(home, { run: RUN, workspace });
});
afterEach(() => bench.close());

/** Stands for the CLI of a real agent: it logs where it is, commits, and says what that prints. */
function agentThat(message: string, end: object): Record<string, unknown> {
  const path = join(bench.root, 'agent-cli');
  const commit = `git -c user.name=A -c user.email=a@example.com commit -q --allow-empty -m '${message}'`;
  const events = [
    { type: 'system', subtype: 'init', session_id: 's-1', model: 'm' },
    { type: 'result', subtype: 'success', is_error: false, result: 'Done.', ...end },
  ];
  const say = `cat <<'END'\n${events.map((event) => JSON.stringify(event)).join('\n')}\nEND`;
  writeFileSync(path, ['#!/bin/sh', 'cat >/dev/null; pwd >>"$PLACES"', commit, say].join('\n'), { mode: 0o755 });
  return { kind: 'claude', backend: 'headless', command: [path], set: { PLACES: join(bench.root, 'places') } };
}

const places = () => readFileSync(join(bench.root, 'places'), 'utf8').trim().split('\n');
const idOf = (turn: number, attempt: number) => `r-1.implement.${turn}.${attempt}`;

async function dispatch(
  homeName: string,
  agent: Record<string, unknown>,
  id: string,
  more: Partial<DispatchInput> = {},
): Promise<DispatchResult> {
  const home = join(bench.root, homeName);
  const host = temporaryHost(bench.root, { home });
  const ports = {
    ...{ ...bench.ports(agent), home, homeId: await homeId(home) },
    visit: (...[input, attempt]: Parameters<ReturnType<AgentBench['ports']>['visit']>) =>
      visitWorkspace(host, input, attempt),
  };
  const input = bench.input({ run: RUN, workspace, dispatchId: id, ...more });
  return dispatchOnHost(await openBenchHost(ports), input, quietEnvironment()) as Promise<DispatchResult>;
}

it('an agent that fails has handed over what it committed: the next attempt goes on from there, on another host', async () => {
  const failing = agentThat('half of it', { is_error: true, result: 'API Error: 500' });
  await expect(dispatch('second', failing, idOf(1, 1))).rejects.toBeDefined();
  expect(bench.git('log', '-1', '--format=%s', dispatchRef(RUN.runId, idOf(1, 1)))).toBe('half of it');

  const { pushed, commits } = await dispatch('third', agentThat('the other half', {}), idOf(1, 2));
  expect([pushed, commits]).toEqual([dispatchRef(RUN.runId, idOf(1, 2)), 1]);
  expect(bench.git('log', '-2', '--format=%s', pushed!)).toBe('the other half\nhalf of it');
  expect(existsSync(places().at(-1)!)).toBe(false);
});

it('a conversation that is kept goes on in the directory it was about', async () => {
  const { conversation } = await dispatch('second', agentThat('first', {}), idOf(1, 1), { keep: true });
  const { pushed } = await dispatch('second', agentThat('second', {}), idOf(2, 1), {
    keep: true,
    resume: conversation!,
  });
  expect(new Set(places()).size).toBe(1);
  expect(bench.git('log', '-2', '--format=%s', pushed!)).toBe('second\nfirst');
  await dispatch('second', agentThat('third', {}), idOf(3, 1));
  expect(new Set(places()).size).toBe(2);
});
