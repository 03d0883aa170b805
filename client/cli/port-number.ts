import { InvalidArgumentError } from 'commander';

/** The port of an option. Fails: InvalidArgumentError. */
export function portNumber(text: string): number {
  const port = Number(text);
  if (Number.isInteger(port) && port > 0 && port < 65_536) return port;
  throw new InvalidArgumentError(`It must be a port, 1 to 65535, got ${text}.`);
}
