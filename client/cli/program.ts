import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { Command, Option } from 'commander';
import { CONFIG_FILE } from '../../contracts/config/read-config';
import { EXIT } from '../../contracts/errors';
import type { AddCommand } from './add-command';
import type { Cli } from './cli';
import { addApprove, addReject } from './commands/vote';
import { addAsk } from './commands/ask';
import { addAudit } from './commands/audit';
import { addBudget } from './commands/budget';
import { addCancel } from './commands/cancel';
import { addCompletion } from './commands/completion';
import { addDev } from './commands/dev';
import { addDoctor } from './commands/doctor';
import { addGateway } from './commands/gateway';
import { addHost } from './commands/host';
import { addInit } from './commands/init';
import { addList } from './commands/list';
import { addLogs } from './commands/logs';
import { addPause } from './commands/pause';
import { addPriority } from './commands/priority';
import { addProviders } from './commands/providers';
import { addQueue } from './commands/queue';
import { addReplay } from './commands/replay';
import { addResume } from './commands/resume';
import { addRetry } from './commands/retry';
import { addRollback } from './commands/rollback';
import { addRouting } from './commands/routing';
import { addSend } from './commands/send';
import { addSessions } from './commands/sessions';
import { addStart } from './commands/start';
import { addStatus } from './commands/status';
import { addWorker } from './commands/worker';
import { widthOfTerminal, type Io } from './io';

/** In the order of `gantry --help`: serve, run, look, decide, mend, look deeper. */
const GROUPS: Readonly<Record<string, readonly AddCommand[]>> = {
  'Set up:': [addInit, addDev, addWorker, addHost, addGateway, addDoctor],
  'Run and look:': [addStart, addList, addStatus, addLogs, addAudit, addReplay],
  'Sessions:': [addSend, addSessions, addQueue],
  'Models:': [addAsk, addProviders, addRouting, addBudget],
  'Decide:': [addApprove, addReject, addPause, addResume, addPriority],
  'Mend and undo:': [addRetry, addCancel, addRollback],
  'Other:': [addCompletion],
};

/** The command tree. `cli` is asked for only once a command runs, when the options are known. */
export function createProgram(io: Io, cli: () => Cli): Command {
  const program = new Command('gantry')
    .description('Durable software-development pipelines over coding agents and models, on Temporal.')
    .version(version(), '-V, --version')
    .option('--json', 'answer with JSON, for programs')
    .option('--home <folder>', "where gantry's state is kept (GANTRY_HOME)")
    .option('--config [file]', `the configuration of models (GANTRY_CONFIG; else ./${CONFIG_FILE}, or gantry's home)`)
    .option('--address <host:port>', 'the Temporal server (TEMPORAL_ADDRESS; else the running `gantry dev`)')
    .option('--namespace <name>', 'the Temporal namespace (TEMPORAL_NAMESPACE)')
    .option('--as <name>', 'vote and ask under this name (GANTRY_USER)')
    .addOption(new Option('--no-color', 'no colours (NO_COLOR)'))
    .exitOverride()
    .configureOutput({
      writeOut: (text) => io.stdout.write(text),
      writeErr: (text) => io.stderr.write(text),
      getOutHelpWidth: () => Math.min(120, widthOfTerminal(io.stdout)),
      getErrHelpWidth: () => Math.min(120, widthOfTerminal(io.stderr)),
    })
    .showHelpAfterError('(`gantry --help` lists what there is)')
    .addHelpText('after', afterHelp);
  for (const [group, commands] of Object.entries(GROUPS)) {
    program.commandsGroup(group);
    for (const add of commands) add(program, cli);
  }
  return program.helpCommand(false);
}

/** This package's version, from where the compiled file or its source stands. */
function version(): string {
  const file = ['../..', '../../..']
    .map((up) => path.join(__dirname, up, 'package.json'))
    .find((one) => existsSync(one));
  return file === undefined ? 'unknown' : (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}

function afterHelp(): string {
  const codes = Object.values(EXIT).map(({ code, meaning }) => `  ${String(code).padStart(3)}  ${meaning}`);
  return [
    '',
    'RUN is `latest`, a run id or the beginning of one, each also after `PROJECT/`.',
    '',
    'Exit codes:',
    ...codes,
    '',
    'Examples:',
    '  gantry dev                                            server, workers and Web UI; leave it running',
    '  gantry start feature.yaml --repo . --input request="memory keys" --watch',
    '  gantry approve latest --comment "looks right"',
    '  gantry resume latest',
  ].join('\n');
}
