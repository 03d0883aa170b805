import type { CallProgress } from '../../contracts/models';

/** What to print next of an answer that is watched as it comes. */
export interface Piece {
  /** What was printed before belongs to an answer that broke off: this begins another. */
  readonly anew: boolean;
  readonly text: string;
}

const NOTHING: Piece = { anew: false, text: '' };

/**
 * An answer seen through the ends of it that heartbeats carry. Each character is printed once and none is left out:
 * where a piece was missed, the rest waits for the final text.
 */
export class LiveText {
  private call = '';
  private printed = '';
  /** A piece was missed, so what comes next does not follow on what is printed. */
  private isBehind = false;

  /** @param call Which call it is of: another one begins another answer. */
  hear(call: string, { tail }: CallProgress): Piece {
    const anew = call !== this.call && this.printed !== '';
    if (call !== this.call) this.begin(call);
    if (tail === undefined || this.isBehind) return { ...NOTHING, anew };
    return { anew, text: this.follow(tail) };
  }

  /** What is left to print once the whole answer is known. */
  end(whole: string): Piece {
    if (whole.startsWith(this.printed)) return { anew: false, text: whole.slice(this.printed.length) };
    return { anew: true, text: whole };
  }

  private begin(call: string): void {
    this.call = call;
    this.printed = '';
    this.isBehind = false;
  }

  private follow({ from, text }: NonNullable<CallProgress['tail']>): string {
    const known = this.printed.slice(from);
    this.isBehind = from > this.printed.length || !text.startsWith(known.slice(0, text.length));
    if (this.isBehind) return '';
    const piece = text.slice(known.length);
    this.printed += piece;
    return piece;
  }
}
