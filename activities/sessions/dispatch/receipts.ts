import { mkdir, open, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Receipts } from '../../../contracts/activities';
import { readIfThere, writeOnce } from '../../files/whole-file';
import { parseObject } from '../line-tail';

// R1. The claim is on disk before the first key is pressed and before any process is started.
// R2. A step that can not be taken back is on disk before it is made (`paste`, `enter`); a receipt (`pasted`, …) when
//     it was seen. Between the two a crash leaves a question, never a wrong answer.
// R3. Lines are only added. A line that was cut by a crash counts for nothing.

export interface Claim {
  readonly dispatchId: string;
  readonly agent: string;
  /** The process that gets the prompt: one of the dispatch's own, or one that was up. */
  readonly agentId: string;
  readonly backend: 'tmux' | 'headless';
  /** Of this host. */
  readonly session: string;
  readonly cwd: string;
  /** Where this dispatch begins in what the agent reports and prints: bytes. */
  readonly journalFrom: number;
  readonly logFrom: number;
  /** The commit the work starts from; empty where the workspace has none. */
  readonly startHead: string;
  readonly inputSha256: string;
  readonly claimedAt: number;
}

export type ReceiptName = 'pasted' | 'submitted' | 'accepted' | 'finished';
export type StepName = 'paste' | 'enter' | 'clear';

export interface Ledger {
  readonly claim: Claim;
  receipts(): Receipts;
  /** How often a step was begun, by any attempt. */
  count(step: StepName): number;
  /** On disk when this resolves. A receipt that is there already keeps its time. */
  record(name: ReceiptName | StepName): Promise<void>;
}

interface Entry {
  readonly at: number;
  readonly name: ReceiptName | StepName | 'claimed';
}

/** Claim a dispatch, or find it claimed. `draft` is used only for a new claim. */
export async function openLedger(
  dir: string,
  draft: () => Promise<Claim>,
  onReceipt: (name: string) => void = () => undefined,
): Promise<Ledger> {
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const path = join(dir, 'claim.json');
  let text = await readIfThere(path);
  if (text === undefined) {
    await writeOnce(path, JSON.stringify(await draft()));
    await makeDurable(path);
    text = await readFile(path, 'utf8');
  }
  const claim = JSON.parse(text) as Claim;
  const entries = await readEntries(join(dir, 'receipts.jsonl'));
  const append = async (name: Entry['name']) => {
    const entry = { at: name === 'claimed' ? claim.claimedAt : Date.now(), name };
    await appendDurably(join(dir, 'receipts.jsonl'), JSON.stringify(entry));
    entries.push(entry);
    onReceipt(name);
  };
  if (!entries.some((entry) => entry.name === 'claimed')) await append('claimed');
  return {
    claim,
    receipts: () => toReceipts(claim, entries),
    count: (step) => entries.filter((entry) => entry.name === step).length,
    async record(name) {
      if (!isStep(name) && entries.some((entry) => entry.name === name)) return;
      await append(name);
    },
  };
}

export async function readClaim(dir: string): Promise<Claim | undefined> {
  const text = await readIfThere(join(dir, 'claim.json'));
  return text === undefined ? undefined : (JSON.parse(text) as Claim);
}

function isStep(name: ReceiptName | StepName): name is StepName {
  return name === 'paste' || name === 'enter' || name === 'clear';
}

function toReceipts(claim: Claim, entries: readonly Entry[]): Receipts {
  const at = (name: ReceiptName) => entries.find((entry) => entry.name === name)?.at;
  const [pastedAt, submittedAt, acceptedAt, finishedAt] = [
    at('pasted'),
    at('submitted'),
    at('accepted'),
    at('finished'),
  ];
  return {
    claimedAt: claim.claimedAt,
    ...(pastedAt !== undefined && { pastedAt }),
    ...(submittedAt !== undefined && { submittedAt }),
    ...(acceptedAt !== undefined && { acceptedAt }),
    ...(finishedAt !== undefined && { finishedAt }),
  };
}

async function readEntries(path: string): Promise<Entry[]> {
  const text = (await readIfThere(path)) ?? '';
  return text.split('\n').flatMap((line) => {
    const entry = parseObject(line);
    return entry === undefined ? [] : [entry as unknown as Entry];
  });
}

// The leading newline parts it from a line that a crash has cut.
async function appendDurably(path: string, line: string): Promise<void> {
  const file = await open(path, 'a', 0o600);
  try {
    await file.appendFile(`\n${line}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Make sure that a file, and its name, survive a power cut. */
async function makeDurable(path: string): Promise<void> {
  for (const target of [path, dirname(path)]) {
    const file = await open(target, 'r');
    try {
      await file.sync();
    } finally {
      await file.close();
    }
  }
}
