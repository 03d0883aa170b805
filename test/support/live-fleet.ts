import { type ChildProcess, execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { PoolSpec } from '../../contracts/schemas/pools';
import { LiveSystem } from './live-system';

export interface HostOptions {
  readonly pools: readonly PoolSpec[];
  /** Agents by name, as the operator of that machine configures them. */
  readonly agents: Readonly<Record<string, unknown>>;
  /** A machine of its own: nothing is shared with others but the server and git. */
  readonly apart?: boolean;
}

/** A live system whose sessions are at hosts of their own, each a process that can be killed and started again. */
export class LiveFleet {
  private readonly hosts = new Map<string, { process: ChildProcess; readonly options: HostOptions }>();

  private constructor(readonly system: LiveSystem) {}

  static async start(): Promise<LiveFleet> {
    return new LiveFleet(await LiveSystem.start([], { GANTRY_ROLES: 'runs' }));
  }

  async startHost(name: string, options: HostOptions): Promise<void> {
    const home = this.homeOf(name, options);
    mkdirSync(home, { recursive: true });
    const process = await this.system.spawn(['sessions'], {
      GANTRY_HOST: name,
      GANTRY_HOME: home,
      GANTRY_POOLS: JSON.stringify(options.pools),
      GANTRY_AGENTS: this.system.writeAgents(`agents-${name}`, options.agents),
      GANTRY_TMUX_SOCKET: this.socketOf(name),
    });
    this.hosts.set(name, { process, options });
  }

  async killHost(name: string, signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const { process } = this.hosts.get(name)!;
    if (process.exitCode !== null || process.signalCode !== null) return;
    process.kill(signal);
    await once(process, 'exit');
  }

  async startAgain(name: string): Promise<void> {
    await this.startHost(name, this.hosts.get(name)!.options);
  }

  /** The machine is gone: the host's process, its terminals and everything in them. */
  async losePower(name: string): Promise<void> {
    await this.killHost(name);
    this.tmux(name, 'kill-server');
  }

  tmux(name: string, ...args: readonly string[]): string {
    try {
      return execFileSync('tmux', ['-L', this.socketOf(name), ...args], { encoding: 'utf8', stdio: 'pipe' });
    } catch {
      return ''; // there is no server
    }
  }

  homeOf(name: string, { apart }: HostOptions): string {
    return apart === true ? join(this.system.root, `home-${name}`) : this.system.home;
  }

  async stop(): Promise<void> {
    for (const name of this.hosts.keys()) {
      await this.killHost(name);
      this.tmux(name, 'kill-server');
    }
    await this.system.stop();
    rmSync(this.system.root, { recursive: true, force: true });
  }

  private socketOf(name: string): string {
    return `${this.system.socket}-${name}`;
  }
}
