import type { Readable } from 'node:stream';
import type { CommandResult, RunCommandInput } from '../../contracts/activities';
import type { ProviderReport, Standing } from '../../contracts/breakers';
import type { AgentsConfig } from '../../contracts/schemas/agents';
import type { Text } from '../../contracts/text';
import type { Redactor } from '../secrets/redactor';
import type { Secrets } from '../secrets/secrets';
import type { PlacePorts } from './dispatch/place';
import type { SessionBackend } from './session-backend';

/** What sessions and their host work with. */
export interface SessionPorts extends PlacePorts {
  /** Where agents and dispatches keep what they write; must be the same after a restart. */
  readonly home: string;
  /** The name of this host. */
  readonly host: string;
  /** `-L` of the private tmux server. */
  readonly tmux: { readonly socket: string };
  readonly agents: AgentsConfig;
  readonly runCommand: (input: RunCommandInput) => Promise<CommandResult>;
  readonly storeText: (text: string | Readable) => Promise<Text>;
  readonly readText: (text: Text) => Promise<string>;
  readonly redactor: Redactor;
  readonly secrets: Secrets;
  /** The worker's environment; agents see what they are allowed to of it. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly backends: Readonly<Record<'tmux' | 'headless', SessionBackend>>;
  /** The breakers of agents' providers. */
  readonly providers: {
    readonly standing: (provider: string) => Promise<Standing>;
    readonly report: (provider: string, report: ProviderReport) => Promise<void>;
  };
  readonly onReceipt: (name: string) => void;
}
