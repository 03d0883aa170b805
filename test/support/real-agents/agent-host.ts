import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { DispatchInput } from '../../../contracts/activities';
import { agentConfig } from '../../../contracts/schemas/agents';
import { makeAgent } from '../../../activities/sessions/agents/make-agent';
import { INITIAL_TURN, reduceTurn, type TurnState } from '../../../activities/sessions/turn-state';
import { AgentBench } from '../agent-bench';
import { AgentHome, type HomeOptions, type RealAgent } from './agent-home';
import type { Script } from './scripted-api';

export type Backend = 'tmux' | 'headless';

/** A host of the product whose agent is a real one, at home with the scripted model. */
export class AgentHost {
  readonly bench: AgentBench;
  readonly agent: Record<string, unknown>;

  private constructor(
    readonly home: AgentHome,
    backend: Backend,
  ) {
    this.bench = new AgentBench({ environment: home.environment });
    this.agent = { ...home.config, backend };
  }

  static async create(name: RealAgent, backend: Backend, script: Script, options?: HomeOptions): Promise<AgentHost> {
    return new AgentHost(await AgentHome.create(name, script, options), backend);
  }

  input(overrides: Partial<DispatchInput> = {}): DispatchInput {
    const { workspace, ...input } = this.bench.input();
    const contract = { minCommits: 1, maxCommits: 1, files: ['new.txt'], clean: true };
    const path = this.home.worktree;
    return { ...input, workspace: { ...workspace!, path, branch: 'work' }, contract, ...overrides };
  }

  /** What the adapter reads from all that the agent printed and reported. */
  turn(): TurnState {
    const kind = makeAgent(agentConfig.parse(this.agent));
    const agents = join(this.bench.home, 'agents');
    const lines = readdirSync(agents, { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('out/log'))
      .flatMap((path) => readFileSync(join(agents, path), 'utf8').split('\n'));
    return lines.flatMap((line) => kind.readOutput(line)).reduce(reduceTurn, INITIAL_TURN);
  }

  async close(): Promise<void> {
    await this.bench.close();
    this.home.close();
  }
}
