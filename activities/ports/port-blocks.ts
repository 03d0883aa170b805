import { createHash } from 'node:crypto';
import { createServer } from 'node:net';
import { failure } from '../failure';
import { withLock } from '../files/lock';
import { readIfThere, writeWhole } from '../files/whole-file';

// Below the range from which systems give ports to outgoing connections.
const FIRST_PORT = 20_000;
const LAST_PORT = 31_999;

/** Owner (a run id) to first port and size. */
type Blocks = Record<string, { readonly first: number; readonly size: number }>;

/**
 * Give an owner one free port for each name, next to each other, and remember them in `file`. The same owner asking
 * again gets the same.
 */
export async function allotPorts(
  file: string,
  owner: string,
  names: readonly string[],
): Promise<Readonly<Record<string, number>>> {
  if (names.length === 0) return {};
  return withLock(`${file}.lock`, async () => {
    const blocks = await readBlocks(file);
    const known = blocks[owner];
    const first =
      known?.size === names.length ? known.first : await findFree(without(blocks, owner), owner, names.length);
    await writeWhole(file, JSON.stringify({ ...blocks, [owner]: { first, size: names.length } }, null, 2));
    return Object.fromEntries(names.map((name, index) => [name, first + index]));
  });
}

export async function freePorts(file: string, owner: string): Promise<void> {
  await withLock(`${file}.lock`, async () => {
    const blocks = await readBlocks(file);
    if (blocks[owner] !== undefined) await writeWhole(file, JSON.stringify(without(blocks, owner), null, 2));
  });
}

async function findFree(taken: Blocks, owner: string, size: number): Promise<number> {
  const places = Math.floor((LAST_PORT - FIRST_PORT + 1) / size);
  // A port is used long after it was given: each run begins to look somewhere else, so that runs that know nothing of
  // each other, under another home or of another user, seldom get the same.
  const begin = createHash('sha256').update(owner).digest().readUInt32BE() % places;
  for (let place = 0; place < places; place += 1) {
    const first = FIRST_PORT + ((begin + place) % places) * size;
    const overlaps = Object.values(taken).some(
      (block) => first < block.first + block.size && block.first < first + size,
    );
    if (!overlaps && (await areFree(first, size))) return first;
  }
  throw failure('Run.Broken', `No ${size} free ports between ${FIRST_PORT} and ${LAST_PORT} are left on this host.`);
}

async function areFree(first: number, size: number): Promise<boolean> {
  for (let port = first; port < first + size; port += 1) if (!(await isFree(port))) return false;
  return true;
}

/** Free on all addresses: binding the wildcard fails when any one of them is in use. */
function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, exclusive: true }, () => server.close(() => resolve(true)));
  });
}

async function readBlocks(file: string): Promise<Blocks> {
  return JSON.parse((await readIfThere(file)) ?? '{}') as Blocks;
}

function without(blocks: Blocks, owner: string): Blocks {
  return Object.fromEntries(Object.entries(blocks).filter(([name]) => name !== owner));
}
