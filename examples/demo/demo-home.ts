import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { UserError } from '../../client/faults';
import { readServerAddress } from '../../client/home';
import type { DemoOptions } from './options';

const MARKER = '.gantry-demo';

/** An empty folder for one demo. Only a folder that an earlier demo made is emptied. Fails: UserError. */
export function freshHome(home: string): void {
  const running = readServerAddress(home);
  if (running)
    throw new UserError(`A demo runs in ${home} already (process ${running.ownerPid}).`, 'Name another --home.');
  if (existsSync(home) && readdirSync(home).length > 0 && !existsSync(path.join(home, MARKER))) {
    throw new UserError(`${home} is not empty and not a demo's.`, 'Name another --home.');
  }
  rmSync(home, { recursive: true, force: true });
  mkdirSync(home, { recursive: true });
  writeFileSync(path.join(home, MARKER), 'Emptied by the next `npm run demo`.\n');
}

/** The sample application as a git repository of its own. */
export function makeRepository(home: string): string {
  const repository = path.join(home, 'calculator');
  cpSync(path.join(__dirname, 'calculator'), repository, { recursive: true });
  const git = (...args: string[]) => execFileSync('git', ['-C', repository, ...args], { stdio: 'pipe' });
  git('init', '--quiet', '--initial-branch', 'main');
  git('config', 'user.name', 'Demo');
  git('config', 'user.email', 'demo@localhost');
  git('add', '--all');
  git('commit', '--quiet', '--message', 'A calculator');
  return repository;
}

/** The pipeline, with the agent that was asked for. */
export function makePipelineFile(home: string, { agent }: DemoOptions): string {
  const file = path.join(home, 'feature.yaml');
  const source = readFileSync(path.join(__dirname, 'feature.yaml'), 'utf8');
  writeFileSync(file, source.replace('agent: offline', `agent: ${agent}`));
  return file;
}
