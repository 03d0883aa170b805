import type { JsonObject } from '../../contracts/json';
import { candidateKey, type CallProgress, type Candidate } from '../../contracts/models';

/** How much of the end of an answer travels with a heartbeat. */
const TAIL_CHARACTERS = 8_192;

/** How far a call is: what its heartbeats say. */
export class Progress {
  private asking = '';
  private text = '';

  constructor(
    private readonly watched: boolean,
    private readonly redact: (text: string) => string,
  ) {}

  readonly begin = (candidate: Candidate): void => {
    this.asking = candidateKey(candidate);
    this.text = '';
  };

  readonly hear = (text: string): void => {
    this.text = text;
  };

  /** {@link CallProgress} */
  readonly details = (): JsonObject => {
    const { asking } = this;
    const progress = { asking, characters: this.text.length } satisfies CallProgress;
    if (!this.watched || asking === '') return progress;
    const text = this.redact(this.text);
    const from = Math.max(0, text.length - TAIL_CHARACTERS);
    return { ...progress, tail: { from, text: text.slice(from) } };
  };
}

/** Was a call under way when the worker was lost that said this last? */
export function wasAsking(details: unknown): boolean {
  if (typeof details !== 'object' || details === null || !('asking' in details)) return false;
  return typeof details.asking === 'string' && details.asking !== '';
}
