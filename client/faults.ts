import type { ExitName } from '../contracts/errors';

/**
 * Something a person is told about without a stack: whose fault it is decides the exit code. Everything else that
 * reaches the CLI is a defect of gantry and keeps its stack.
 */
export abstract class Fault extends Error {
  abstract readonly exit: ExitName;

  /** `hint` says what to do next, in one line. */
  constructor(
    message: string,
    readonly hint?: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = new.target.name;
  }
}

/** What was asked for is wrong: arguments, a pipeline file, a setting. Nothing was done. */
export class UserError extends Fault {
  readonly exit = 'usage';
}

/** The run does not allow this now. Nothing was done. */
export class RefusedError extends Fault {
  readonly exit = 'refused';
}

export class NotFoundError extends Fault {
  readonly exit = 'notFound';
}

/** Temporal, or a worker behind it, does not answer. */
export class ServiceError extends Fault {
  readonly exit = 'unreachable';
}

/** The work was done and did not succeed: the run failed, a check of `doctor` failed. */
export class FailedError extends Fault {
  readonly exit = 'failed';
}

/** Ctrl-C. The run goes on. */
export class InterruptedError extends Fault {
  readonly exit = 'interrupted';
}
