import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { excerpt, type Text } from '../contracts/text';

export interface ReadText {
  readonly text: string;
  /** False: only its beginning and end are known here. */
  readonly whole: boolean;
}

/** A text as far as this host has it: the store belongs to the host whose worker made it. */
export async function readText(home: string, text: Text): Promise<ReadText> {
  if ('inline' in text) return { text: text.inline, whole: true };
  const digest = /^sha256:([0-9a-f]{64})$/.exec(text.artifact)?.[1];
  if (digest === undefined) return { text: excerpt(text), whole: false };
  try {
    return { text: await readFile(path.join(home, 'artifacts', digest.slice(0, 2), digest), 'utf8'), whole: true };
  } catch {
    return { text: excerpt(text), whole: false }; // made elsewhere, or removed since
  }
}
