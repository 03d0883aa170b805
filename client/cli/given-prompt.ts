import { readFileSync } from 'node:fs';
import path from 'node:path';
import { text as readAll } from 'node:stream/consumers';
import { UserError } from '../faults';
import type { Cli } from './cli';

/** What one value of a workflow may hold, with room for the rest of its input. */
const MOST_BYTES = 1_000_000;

/** The prompt as it is given: itself, `-` for standard input, `@FILE` for a file. Fails: UserError. */
export async function readPrompt(given: string, { io }: Cli): Promise<string> {
  const said = given === '-' ? await readAll(io.stdin) : given.startsWith('@') ? readFile(given, io.cwd) : given;
  const prompt = said.trim();
  if (prompt === '') throw new UserError('The prompt is empty. Nothing was sent.');
  if (Buffer.byteLength(prompt) <= MOST_BYTES) return prompt;
  throw new UserError(
    'The prompt is longer than 1 MB. Nothing was sent.',
    'Put it into a file of the repository, and name that.',
  );
}

function readFile(given: string, cwd: string): string {
  try {
    return readFileSync(path.resolve(cwd, given.slice(1)), 'utf8');
  } catch (error) {
    throw new UserError(
      `${given}: ${(error as Error).message}`,
      'A prompt that starts with @ is given by - or from a file.',
    );
  }
}
