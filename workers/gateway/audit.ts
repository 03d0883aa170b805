import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { pino } from 'pino';

/** Each decision of the gateway as a line of JSON, without a word of what was asked or answered. */
export interface Audit {
  write(line: object): void;
  /** Resolves when every line is on the disk. */
  close(): Promise<void>;
}

const FLUSH_EVERY_MS = 1_000;
/** Lines are written together, as soon as they are this many bytes. */
const TOGETHER_BYTES = 8 * 1024;

type Destination = ReturnType<typeof pino.destination>;

/** One file a day, `audit-2026-01-31.jsonl`, by the days of UTC. Lines are on the disk within a second. */
export function createAudit(folder: string, failed: (error: Error) => void, now = Date.now): Audit {
  mkdirSync(folder, { recursive: true });
  let day = dayOf(now());
  let file = open(folder, day, failed);
  let closing: Promise<void>[] = [];
  const timer = setInterval(() => file.flush(), FLUSH_EVERY_MS).unref();
  return {
    write(line) {
      const today = dayOf(now());
      if (today !== day) {
        closing = [...closing, end(file)];
        day = today;
        file = open(folder, day, failed);
      }
      file.write(`${JSON.stringify(line)}\n`);
    },
    async close() {
      clearInterval(timer);
      await Promise.all([...closing, end(file)]);
    },
  };
}

function open(folder: string, day: number, failed: (error: Error) => void): Destination {
  const dest = path.join(folder, `audit-${new Date(day * DAY_MS).toISOString().slice(0, 10)}.jsonl`);
  const file = pino.destination({ dest, sync: false, minLength: TOGETHER_BYTES, mkdir: true });
  file.on('error', failed);
  return file;
}

function end(file: Destination): Promise<void> {
  return new Promise((resolve) => {
    file.once('close', resolve);
    file.end();
  });
}

const DAY_MS = 86_400_000;

/** The day of UTC, since 1970. Cheap, since it is asked for every line. */
function dayOf(at: number): number {
  return Math.floor(at / DAY_MS);
}
