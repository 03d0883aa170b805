import { EXIT } from '../contracts/errors';

/** There is no Temporal server where it should be. */
export class ServerUnreachable extends Error {
  override readonly name = 'ServerUnreachable';

  constructor(address: string, cause: unknown) {
    super(
      `No Temporal server answers at ${address}: ${whyOf(cause)}. Start one with \`gantry dev\`, or say with TEMPORAL_ADDRESS where yours is.`,
      { cause },
    );
  }
}

/** The exit code of a program that ends with this error. */
export function exitCodeOf(error: unknown): number {
  return error instanceof ServerUnreachable ? EXIT.unreachable.code : EXIT.failed.code;
}

/** The core tells connections that fail as its own structures: only what the system said of them is for people. */
function whyOf(cause: unknown): string {
  const text = cause instanceof Error ? cause.message : String(cause);
  return /message: "([^"]+)"/.exec(text)?.[1] ?? text;
}
