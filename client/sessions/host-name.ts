import { hostname } from 'node:os';
import { NAME_PATTERN, slug } from '../../contracts/ids';
import { UserError } from '../faults';

/** The name a host of sessions gets: the given one, or this machine's made safe. Fails: UserError. */
export function hostName(given: string | undefined, machine: string = hostname()): string {
  if (given === undefined) {
    const name = slug(machine.split('.')[0]!, 35);
    return NAME_PATTERN.test(name) ? name : `host-${name}`;
  }
  if (NAME_PATTERN.test(given)) return given;
  const near = slug(given);
  const hint = NAME_PATTERN.test(near) ? `Perhaps ${near}?` : undefined;
  throw new UserError(
    `--name ${given}: a host's name starts with a small letter and holds small letters, digits, - and _, 40 in all.`,
    hint,
  );
}
