import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BenchContext } from '../benchmark';
import type { Figure } from '../figures';
import { takeTurns } from '../rounds';
import { Fleet } from './fleet';
import { resultsOf, sendAll, type Sending } from './prompts';

const SESSIONS = 3;
const TURN_MS = 1_000;

/** Two hosts with separate homes, as two machines would be, against one with as many sessions as each of them. */
export async function twoHosts(context: BenchContext): Promise<Figure[]> {
  return [
    await compare(context, 'two hosts: prompts', () => ({})),
    await compare(context, 'two hosts: prompts in worktrees', (fleet) => ({ repo: makeRepository(fleet.directory) })),
  ];
}

async function compare(context: BenchContext, name: string, more: (fleet: Fleet) => Sending): Promise<Figure> {
  const slug = name.replace(/[^a-z]+/g, '-');
  const two = await Fleet.start(context, `${slug}-both`);
  const one = await Fleet.start(context, `${slug}-one`);
  try {
    for (const host of ['east', 'west'])
      await two.addHost({ name: host, sessions: SESSIONS, warm: false, apart: true });
    await one.addHost({ name: 'alone', sessions: SESSIONS, warm: false, apart: true });
    const [both, alone] = [more(two), more(one)];
    context.say(`sessions: ${name}`);
    const turns = (hosts: number) => hosts * SESSIONS * (context.quick ? 2 : 10);
    const rounds = await takeTurns(
      context.quick ? 1 : 4,
      () => perSecond(two, turns(2), both),
      () => perSecond(one, turns(1), alone),
    );
    return { name: `${name} a second`, unit: '/s', pairs: rounds, atLeast: 1.9 };
  } finally {
    await Promise.all([two.stop(), one.stop()]);
  }
}

async function perSecond(fleet: Fleet, turns: number, more: Sending): Promise<number> {
  const began = Date.now();
  const results = await resultsOf(
    await sendAll(
      fleet,
      Array.from({ length: turns }, () => ({ workMs: TURN_MS, ...more })),
    ),
  );
  const seconds = (Date.now() - began) / 1_000;
  const failed = results.find(({ status }) => status !== 'SUCCESS');
  if (failed !== undefined) throw new Error(`A prompt was not done: ${failed.view.failure?.message ?? failed.status}`);
  return turns / seconds;
}

function makeRepository(directory: string): string {
  const repository = join(directory, 'repository');
  const git = (...args: readonly string[]) => execFileSync('git', ['-C', repository, ...args], { stdio: 'pipe' });
  mkdirSync(repository);
  writeFileSync(join(repository, 'README.md'), 'A repository.\n');
  git('init', '--quiet', '--initial-branch', 'main');
  git('add', '.');
  git('-c', 'user.name=Bench', '-c', 'user.email=bench@localhost', 'commit', '--quiet', '--message', 'start');
  return repository;
}
