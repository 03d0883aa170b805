import { hash, timingSafeEqual } from 'node:crypto';
import type { ModelConfig } from '../../contracts/config/model-config';

/** Whoever asks: the holder of a key, or everybody on this machine where there are none. */
export interface Caller {
  /** The name of the key in the configuration; `local` without keys. */
  readonly name: string;
  readonly team?: string;
  readonly job?: string;
  /** Only these models may be asked; absent: all. */
  readonly models?: readonly string[];
}

export interface Keys {
  /** False: there are no keys, and everybody on this machine may ask. */
  readonly required: boolean;
  /** Who holds the key of an `authorization` header; undefined: nobody. */
  callerOf(authorization: string | undefined): Caller | undefined;
}

/** A key that cannot be used, or one that is missing, in words for whoever configured it. Holds no key. */
export class KeysInvalid extends Error {
  override readonly name = 'KeysInvalid';
}

/** Without keys everybody on this machine is this one. */
export const LOCAL: Caller = { name: 'local' };

interface KnownKey {
  readonly digest: Buffer;
  readonly caller: Caller;
}

/** Only digests of keys are kept. Fails: {@link KeysInvalid}. */
export function createKeys(
  gateway: Pick<ModelConfig['gateway'], 'keys'>,
  env: Readonly<Record<string, string | undefined>>,
): Keys {
  const known = Object.entries(gateway.keys).map(([name, file]): KnownKey => {
    const { team, job, models } = file;
    const caller = { name, ...(team && { team }), ...(job && { job }), ...(models && { models }) };
    return { digest: digestOf(name, file, env), caller };
  });
  refuseTwins(known);
  return {
    required: known.length > 0,
    callerOf: (authorization) => (known.length === 0 ? LOCAL : holderOf(known, authorization)),
  };
}

/** Every key is compared, in the same time: how long it takes says nothing of which is nearly right. */
function holderOf(known: readonly KnownKey[], authorization: string | undefined): Caller | undefined {
  const token = /^Bearer +(\S+)\s*$/i.exec(authorization ?? '')?.[1];
  if (token === undefined) return undefined;
  const given = sha256(token);
  let holder: Caller | undefined;
  for (const { digest, caller } of known) if (timingSafeEqual(digest, given)) holder = caller;
  return holder;
}

function digestOf(
  name: string,
  file: ModelConfig['gateway']['keys'][string],
  env: Readonly<Record<string, string | undefined>>,
): Buffer {
  if (file.sha256 !== undefined) return Buffer.from(file.sha256, 'hex');
  if (file.key === undefined) {
    throw new KeysInvalid(`gateway.keys.${name} says neither \`key\` nor \`sha256\`. Give it one of the two.`);
  }
  const key = env[file.key]?.trim();
  if (key) return sha256(key);
  throw new KeysInvalid(`gateway.keys.${name} is read from ${file.key}, which is not set. Set it, or remove the key.`);
}

/** The same key under two names: nobody could say whose budget it is. */
function refuseTwins(known: readonly KnownKey[]): void {
  const byDigest = new Map<string, string>();
  for (const { digest, caller } of known) {
    const hex = digest.toString('hex');
    const other = byDigest.get(hex);
    if (other !== undefined) throw new KeysInvalid(`gateway.keys.${other} and ${caller.name} are the same key.`);
    byDigest.set(hex, caller.name);
  }
}

function sha256(text: string): Buffer {
  return hash('sha256', text, 'buffer');
}
