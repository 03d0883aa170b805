import { ServiceError } from '../faults';
import type { Cli } from './cli';
import { ESC } from './render/paint';
import { pause } from './wait';

const LOOK_MS = 1_000;

/**
 * Look again and again until Ctrl-C: drawn over on a terminal, a line for each change with --json, and the whole text
 * for each change elsewhere. While the server is away it says so, and looks on.
 */
export async function keepShowing<T>(cli: Cli, look: () => Promise<T>, draw: (value: T) => string): Promise<void> {
  const { stdout, signal } = cli.io;
  cli.handlesInterrupt = true;
  let last = '';
  while (!signal.aborted) {
    try {
      const value = await look();
      const text = cli.json ? JSON.stringify(value) : draw(value);
      if (text !== last) stdout.write(stdout.isTTY === true && !cli.json ? screen(text, stdout.rows) : `${text}\n`);
      last = text;
    } catch (error) {
      if (!(error instanceof ServiceError)) throw error;
      cli.note(error.message);
    }
    await pause(LOOK_MS, signal);
  }
}

/** From the top of the screen, as much as it holds. */
function screen(text: string, rows = 24): string {
  const lines = [...text.split('\n').slice(0, rows - 2), 'Ctrl-C ends this'];
  return `${ESC}H${ESC}2J${lines.join('\n')}\n`;
}
