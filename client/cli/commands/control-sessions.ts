import type { Command } from 'commander';
import type { ControlResult, SessionAction } from '../../../contracts/sessions';
import { FailedError, RefusedError } from '../../faults';
import { chooseTargets } from '../../sessions/choose-sessions';
import type { Cli } from '../cli';

interface ControlOptions {
  readonly host?: string;
  readonly force?: boolean;
  readonly for?: string;
}

const DESCRIPTIONS: Record<SessionAction, string> = {
  start: 'Have their agents up, and give them work again',
  stop: 'End their agents; they get no work until they are started',
  restart: 'End their agents and start fresh ones',
  reserve: 'Keep them free for critical work, or for another pool',
  unreserve: 'Give them back to the pool of their kind',
  drain: 'Let them end what they are at, and give them nothing new',
  undrain: 'Give them work again',
};

/** In the past, as the answer says it. */
const DONE: Record<SessionAction, string> = {
  start: 'started',
  stop: 'stopped',
  restart: 'restarted',
  reserve: 'reserved',
  unreserve: 'given back',
  drain: 'draining',
  undrain: 'takes work again',
};

/** One command for each thing a person may have done with sessions. */
export function addControls(sessions: Command, cli: () => Cli): void {
  for (const action of Object.keys(DESCRIPTIONS) as SessionAction[]) {
    const command = sessions
      .command(action)
      .argument('[targets...]', 'SESSION, POOL or HOST/SESSION; a whole host with --host alone')
      .description(DESCRIPTIONS[action])
      .option('--host <name>', 'on this host');
    if (action === 'stop' || action === 'restart')
      command.option('--force', 'also those at work: their prompts are tried elsewhere');
    if (action === 'reserve')
      command.option('--for <pool>', 'the pool they serve from now on; AGENT-critical when absent');
    command.action(async (targets: string[], options: ControlOptions) => {
      const on = options.host ?? sessions.opts<ControlOptions>().host;
      await control(cli(), action, targets, { ...options, ...(on !== undefined && { host: on }) });
    });
  }
}

async function control(
  cli: Cli,
  action: SessionAction,
  words: readonly string[],
  options: ControlOptions,
): Promise<void> {
  const temporal = await cli.temporal();
  const chosen = chooseTargets(await temporal.hosts.list(), words, options.host);
  const results: ({ readonly host: string } & ControlResult)[] = [];
  for (const { host, targets } of chosen) {
    const input = {
      ...{ who: cli.who, action, targets },
      ...(options.for !== undefined && { pool: options.for }),
      ...(options.force && { force: true }),
    };
    results.push({ host: host.host, ...(await temporal.hosts.control(host.host, input)) });
  }
  const done = results.flatMap(({ host, done: names }) => names.map((name) => `${host}/${name} ${DONE[action]}`));
  const refused = results.flatMap(({ host, refused: lines }) => lines.map((line) => `${host}/${line}`));
  cli.answer(results, done.join('\n'));
  if (refused.length === 0) return;
  const message = cli.json ? '' : refused.join('\n');
  // What was refused is told apart from what was done: only where all was refused was nothing done.
  throw done.length === 0 ? new RefusedError(message) : new FailedError(message);
}
