import { CommanderError } from 'commander';
import { EXIT, type ExitName } from '../../contracts/errors';
import { Fault, InterruptedError } from '../faults';
import { Cli } from './cli';
import type { Io } from './io';
import { createProgram } from './program';

/** Run one invocation: arguments in, exit code of `EXIT` out. Nothing is thrown. */
export async function runCli(argv: readonly string[], io: Io): Promise<number> {
  const program = createProgram(io, () => cli);
  const cli: Cli = new Cli(io, () => program.opts());
  try {
    await Promise.race([program.parseAsync([...argv], { from: 'user' }), interruption(cli)]);
    return EXIT.ok.code;
  } catch (error) {
    return report(error, cli, argv);
  } finally {
    await cli.close();
  }
}

/** Rejects on Ctrl-C, unless the command sees to its own end. */
function interruption(cli: Cli): Promise<never> {
  return new Promise((_resolve, reject) => {
    const end = () => {
      if (!cli.handlesInterrupt) reject(new InterruptedError('Interrupted.', cli.interruptHint));
    };
    if (cli.io.signal.aborted) end();
    cli.io.signal.addEventListener('abort', end, { once: true });
  });
}

function report(error: unknown, cli: Cli, argv: readonly string[]): number {
  // Commander has said what is wrong by itself; asking for help or the version is nothing wrong.
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok.code : EXIT.usage.code;
  const name = exitNameOf(error);
  const json = argv.includes('--json');
  // An empty message: the answer has said it all, and only the exit code is left to give.
  if (error instanceof Fault && error.message === '') return EXIT[name].code;
  if (json && !cli.hasAnswered) cli.io.stdout.write(`${JSON.stringify({ error: describe(error, name) }, null, 2)}\n`);
  else cli.io.stderr.write(`${forPeople(error, cli.io.env)}\n`);
  return EXIT[name].code;
}

function exitNameOf(error: unknown): ExitName {
  if (error instanceof Fault) return error.exit;
  return hasProblems(error) ? 'usage' : 'failed';
}

function describe(error: unknown, exit: ExitName): object {
  const { name, message } = error instanceof Error ? error : { name: 'Error', message: String(error) };
  const hint = error instanceof Fault ? error.hint : undefined;
  const problems = hasProblems(error) ? { problems: error.problems } : {};
  return { kind: name, message, ...(hint !== undefined && { hint }), ...problems, exitCode: EXIT[exit].code };
}

function forPeople(error: unknown, env: Io['env']): string {
  if (error instanceof Fault) {
    const stack = env['GANTRY_DEBUG'] ? [`${(error.cause as Error | undefined)?.stack ?? error.stack}`] : [];
    return [error.message, ...(error.hint === undefined ? [] : [error.hint]), ...stack].join('\n');
  }
  if (hasProblems(error)) return `${error.message}\nNothing was started.`;
  const stack = error instanceof Error ? error.stack : String(error);
  return `gantry has a defect: this should not have happened.\n${stack}`;
}

/** By name, since Jest loads classes twice; every problem of a file is in `problems`. */
function hasProblems(error: unknown): error is Error & { readonly problems?: readonly unknown[] } {
  return error instanceof Error && ['DefinitionError', 'ConfigurationInvalid'].includes(error.name);
}
