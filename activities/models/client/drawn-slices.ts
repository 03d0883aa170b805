import type { LedgerAnswer, LedgerEntry } from '../../../contracts/budgets';
import type { NanoDollars } from '../../../contracts/money';

/** A slice as the process that drew it knows it. */
export interface Drawn {
  readonly id: string;
  readonly grantedNano: NanoDollars;
  spentNano: NanoDollars;
  /** Of calls that are under way. */
  heldNano: NanoDollars;
  reportedNano: NanoDollars;
  /** When its lease was last renewed. */
  renewedAt: number;
  usedAt: number;
}

export function leftIn({ grantedNano, spentNano, heldNano }: Drawn): NanoDollars {
  return grantedNano - spentNano - heldNano;
}

export interface DrawnTimes {
  /** Without a report for this long a slice is settled by the ledger itself. */
  readonly leaseMs: number;
  /** Money that nobody used for this long is given back. */
  readonly idleMs: number;
}

/** The slices of one process: those that can be paid from, and those that are over and whose end is not booked yet. */
export class DrawnSlices {
  private open: Drawn[] = [];
  /** By id: what was spent. They stay here until their settlement is known to be booked. */
  private readonly ending = new Map<string, NanoDollars>();
  /** Draws without an answer: whether they were booked, nobody knows. */
  private readonly unheard = new Set<string>();

  constructor(private readonly times: DrawnTimes) {}

  add(id: string, grantedNano: NanoDollars): void {
    const now = Date.now();
    this.open.push({ id, grantedNano, spentNano: 0, heldNano: 0, reportedNano: 0, renewedAt: now, usedAt: now });
  }

  lost(id: string): void {
    this.unheard.add(id);
  }

  /** A slice that has so much left. */
  find(amountNano: NanoDollars): Drawn | undefined {
    return this.open.find((slice) => leftIn(slice) >= amountNano);
  }

  get leftNano(): NanoDollars {
    return this.open.reduce((sum, slice) => sum + Math.max(0, leftIn(slice)), 0);
  }

  get isEmpty(): boolean {
    return this.open.length === 0 && this.ending.size === 0 && this.unheard.size === 0;
  }

  /** Nobody is paid from those any more that have less than this left, and from which no call is under way. */
  endBelow(leastNano: NanoDollars): void {
    this.end((slice) => slice.heldNano === 0 && leftIn(slice) < leastNano);
  }

  /** All of them end. What is under way counts at its estimate. */
  endAll(): void {
    for (const slice of this.open) slice.spentNano += slice.heldNano;
    this.end(() => true);
  }

  /** What the ledger is to hear now. */
  news(): readonly LedgerEntry[] {
    const now = Date.now();
    const { leaseMs, idleMs } = this.times;
    this.end((slice) => slice.heldNano === 0 && (leftIn(slice) <= 0 || slice.usedAt + idleMs <= now));
    const told = this.open.filter(
      ({ spentNano, reportedNano, renewedAt }) => spentNano > reportedNano || renewedAt + leaseMs / 3 <= now,
    );
    return [...this.endings(), ...told.map(({ id, spentNano }) => ({ op: 'report' as const, id, spentNano }))];
  }

  /** Settlements, and the ends of draws without an answer: nothing was paid from those. */
  endings(): readonly LedgerEntry[] {
    const unheard = [...this.unheard].flatMap((id) => [
      { op: 'release' as const, id },
      { op: 'settle' as const, id, spentNano: 0 },
    ]);
    return [...unheard, ...[...this.ending].map(([id, spentNano]) => ({ op: 'settle' as const, id, spentNano }))];
  }

  /** The ledger has booked these. */
  booked(entries: readonly LedgerEntry[], answers: readonly LedgerAnswer[]): void {
    entries.forEach((entry, index) => {
      if (entry.op === 'settle') {
        this.ending.delete(entry.id);
        this.unheard.delete(entry.id);
      }
      if (entry.op === 'report') this.reported(entry.id, entry.spentNano, answers[index]?.outcome === 'booked');
    });
  }

  /** A slice that the ledger knows no more is one that nobody may be paid from. */
  private reported(id: string, spentNano: NanoDollars, isKnown: boolean): void {
    const slice = this.open.find((one) => one.id === id);
    if (slice === undefined) return;
    if (!isKnown) this.open = this.open.filter((one) => one !== slice);
    slice.reportedNano = spentNano;
    slice.renewedAt = Date.now();
  }

  private end(isOver: (slice: Drawn) => boolean): void {
    this.open = this.open.filter((slice) => {
      const over = isOver(slice);
      if (over) this.ending.set(slice.id, slice.spentNano);
      return !over;
    });
  }
}
