import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { quote } from '../../../activities/sessions/tmux/launch-script';
import { readBox, type Box } from '../../../activities/sessions/tmux/prompt-box';
import { waitUntil } from '../wait-until';
import type { AgentRun } from './agent-run';

/** A terminal of a private tmux server with an agent in it, and hands that type as carefully as a person does. */
export class AgentTerminal {
  private static count = 0;
  private readonly socket = `gantry-real-${process.pid}-${AgentTerminal.count++}`;

  constructor(readonly run: AgentRun) {
    const { launch, environment, dir, home } = run;
    const words = [
      'exec',
      'env',
      '-i',
      ...toWords({ ...environment, TERM: 'screen-256color' }),
      ...launch.argv.map(quote),
    ];
    const script = join(dir, 'start.sh');
    writeFileSync(script, words.join(' '));
    this.tmux('new-session', '-d', '-s', 'agent', '-x', '200', '-y', '50', '-c', home.worktree, '/bin/sh', script);
    this.tmux('set-option', '-g', 'remain-on-exit', 'on');
  }

  /** Type a prompt once the box stands empty, and press Enter until the agent says that it took it. */
  async send(prompt: string): Promise<void> {
    const { run } = this;
    await this.ready();
    run.begin(prompt);
    this.tmux('set-buffer', '-b', 'prompt', prompt);
    this.guarded('paste-buffer -p -r -d -b prompt -t agent');
    await waitUntil(() => this.box(prompt) === 'ours');
    for (let enters = 0; run.state().acceptances === 0 && !run.isOver(); enters += 1) {
      if (enters > 5) throw new Error(`the prompt was not taken:\n${this.screen().join('\n')}`);
      if (this.box(prompt) === 'ours') this.guarded('send-keys -t agent Enter');
      await waitUntil(() => run.state().acceptances > 0 || run.isOver(), { timeoutMs: 3_000 }).catch(() => undefined);
    }
  }

  /** The box is empty, nothing moves any more, and no dialog stands there. */
  async ready(): Promise<void> {
    const { terminal } = this.run.kind;
    let last = '';
    let still = 0;
    await waitUntil(
      () => {
        const lines = this.screen();
        const dialog = terminal?.readDialog?.(lines);
        if (dialog !== undefined) throw new Error(`it asks ${dialog}:\n${lines.join('\n')}`);
        still = last === lines.join('\n') ? still + 1 : 0;
        last = lines.join('\n');
        const reported = terminal?.ready !== 'event' || this.run.isReady();
        return still >= 4 && reported && this.box('no text of ours') === 'empty';
      },
      { everyMs: 150 },
    ).catch((error: unknown) => {
      throw new Error(`no empty box:\n${last}`, { cause: error });
    });
  }

  screen(): string[] {
    return this.tmux('capture-pane', '-p', '-J', '-t', 'agent')
      .split('\n')
      .map((line) => line.trimEnd());
  }

  press(key: string): void {
    this.guarded(`send-keys -t agent ${key}`);
  }

  pid(): number {
    return Number(this.tmux('display-message', '-p', '-t', 'agent', '#{pane_pid}'));
  }

  close(): void {
    try {
      this.tmux('kill-server');
    } catch {
      // it ended with its last session
    }
  }

  private box(text: string): Box {
    const { box, placeholder } = this.run.kind.terminal!;
    return readBox(this.screen(), box, text, placeholder);
  }

  // A paste into a pane whose program has ended takes the whole server down.
  private guarded(command: string): void {
    this.tmux('if-shell', '-F', '-t', 'agent', '#{?pane_dead,0,1}', command);
  }

  private tmux(...args: readonly string[]): string {
    const env = { PATH: process.env['PATH'] ?? '', LC_CTYPE: 'C.UTF-8' };
    return execFileSync('tmux', ['-u', '-L', this.socket, '-f', '/dev/null', ...args], {
      env,
      encoding: 'utf8',
      stdio: 'pipe',
    });
  }
}

function toWords(environment: Readonly<Record<string, string>>): string[] {
  return Object.entries(environment).map(([name, value]) => `${name}=${quote(value)}`);
}
