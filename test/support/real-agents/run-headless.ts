import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { reduceTurn, type TurnState } from '../../../activities/sessions/turn-state';
import type { AgentRun } from './agent-run';

/** Give an agent without a terminal its prompt, and read it to its end. */
export async function runHeadless(run: AgentRun, prompt: string): Promise<TurnState> {
  const [program, ...args] = run.launch.argv;
  const child = spawn(program, args, { cwd: run.home.worktree, env: run.environment, stdio: ['pipe', 'pipe', 'pipe'] });
  run.begin(prompt);
  child.stdout.setEncoding('utf8').on('data', (text: string) => (run.output += text));
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
  child.stdin.end(prompt);
  const [exitCode] = (await once(child, 'close')) as [number | null];
  const state = run.state();
  const meaning = run.kind.atExit?.(exitCode ?? 1, state);
  const settled = meaning ? reduceTurn(state, meaning) : state;
  return reduceTurn(settled, { kind: 'ended', how: errors, ...(exitCode !== null && { exitCode }) });
}
