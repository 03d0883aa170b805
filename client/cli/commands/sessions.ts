import { FailedError, NotFoundError, RefusedError } from '../../faults';
import { attachTo, isHere } from '../../sessions/attach';
import { chooseSession, requireHost } from '../../sessions/choose-sessions';
import type { Host } from '../../temporal';
import type { Cli } from '../cli';
import { keepShowing } from '../keep-showing';
import type { AddCommand } from '../add-command';
import { renderSessions } from '../render/sessions';
import { addControls } from './control-sessions';

interface ListOptions {
  readonly pool?: string;
  readonly host?: string;
  readonly watch?: boolean;
}

export const addSessions: AddCommand = (program, cli) => {
  const sessions = program
    .command('sessions')
    .description('Sessions of all hosts: what each does and for whom; or start, stop, restart, … some')
    .option('--pool <name>', 'of this pool')
    .option('--host <name>', 'of this host')
    .option('-w, --watch', 'look again and again, until Ctrl-C')
    .action(async ({ pool, host, watch }: ListOptions) => {
      const look = async () => narrow(await (await cli().temporal()).hosts.list(), pool, host);
      const draw = (hosts: readonly Host[]) => {
        const { paint, width } = cli();
        return renderSessions(hosts, { paint, width, at: Date.now() });
      };
      if (watch) return keepShowing(cli(), look, draw);
      const hosts = await look();
      cli().answer(hosts, draw(hosts));
    });
  addControls(sessions, cli);
  sessions
    .command('attach')
    .argument('<session>', 'which: SESSION or HOST/SESSION')
    .description("Open the agent's terminal; leave it again with Ctrl-b d")
    .option('--host <name>', 'of this host')
    .action(async (word: string, options: { host?: string }) => {
      // `--host` stands on the listing too, which takes it first.
      const on = options.host ?? sessions.opts<ListOptions>().host;
      await attach(cli(), word, on);
    });
};

function narrow(hosts: readonly Host[], pool: string | undefined, name: string | undefined): readonly Host[] {
  const chosen = name === undefined ? hosts : [requireHost(hosts, name)];
  if (pool === undefined) return chosen;
  const serves = ({ view }: Host) => view?.pools.some((one) => one.pool === pool) === true;
  return chosen.filter(serves).map((host) => {
    const view = host.view!;
    const kept = {
      sessions: view.sessions.filter((one) => one.pool === pool),
      pools: view.pools.filter((one) => one.pool === pool),
    };
    return { ...host, view: { ...view, ...kept } };
  });
}

async function attach(cli: Cli, word: string, on: string | undefined): Promise<void> {
  const { host, session } = chooseSession(await (await cli.temporal()).hosts.list(), word, on);
  const name = `${host.host}/${session.name}`;
  if (session.attach === undefined) {
    if (session.backend === 'headless') throw new RefusedError(`${name} has no terminal: its agent runs headless.`);
    throw new NotFoundError(
      `${name} has no terminal now (${session.state}).`,
      `Start it with \`gantry sessions start ${name}\`.`,
    );
  }
  const answer = { host: host.host, session: session.name, attach: session.attach };
  if (cli.json || cli.io.stdin.isTTY !== true || !(await isHere(session))) {
    return cli.answer(answer, `On ${host.host}: ${session.attach}`);
  }
  cli.handlesInterrupt = true;
  const code = await attachTo(session.attach, cli.io.env);
  if (code !== 0) throw new FailedError(`tmux ended with exit code ${code}.`);
}
