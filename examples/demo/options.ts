import { parseArgs } from 'node:util';
import { UserError } from '../../client/faults';

export const AGENTS = ['offline', 'claude', 'codex'] as const;

export interface DemoOptions {
  /** Nobody is there to ask. */
  readonly yes: boolean;
  /** Kill the worker and the server on the way. */
  readonly crash: boolean;
  readonly agent: (typeof AGENTS)[number];
  /** Where the demo keeps everything; emptied first. */
  readonly home?: string;
  readonly help: boolean;
}

export const USAGE = `npm run demo -- [--yes] [--crash] [--agent offline|claude|codex] [--home FOLDER]

Runs the pipeline of examples/demo/feature.yaml on a copy of the sample calculator: plan, implement, test, review,
approve, merge, deploy, monitor. Needs no key and no account.

  --yes      approve without asking
  --crash    kill the worker while the agent works and the server while the gate is open, and see that nothing is lost
  --agent    who writes the code (default: offline, a small program that a script thinks for)
  --home     where server, repository and logs are kept (default: the state folder of gantry)`;

/** Fails: UserError. */
export function readOptions(argv: readonly string[]): DemoOptions {
  const { agent, ...rest } = parse(argv);
  const known = AGENTS.find((name) => name === agent);
  if (known === undefined) throw new UserError(`--agent ${agent}: there are ${AGENTS.join(', ')}.`, USAGE);
  return { ...rest, agent: known };
}

function parse(argv: readonly string[]) {
  const flag = { type: 'boolean', default: false } as const;
  try {
    return parseArgs({
      args: [...argv],
      options: {
        yes: { ...flag, short: 'y' },
        crash: flag,
        help: { ...flag, short: 'h' },
        agent: { type: 'string', default: 'offline' },
        home: { type: 'string' },
      },
    }).values;
  } catch (error) {
    throw new UserError((error as Error).message, USAGE);
  }
}
