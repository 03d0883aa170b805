/** Stretches of the buffers that a stream came in, as few pieces as they can be sent on in. */
export class Runs {
  private readonly whole: Buffer[] = [];
  private open: { readonly buffer: Buffer; readonly from: number; to: number } | undefined;

  get isEmpty(): boolean {
    return this.whole.length === 0 && this.open === undefined;
  }

  /** What follows on what was added before, unless that was ended. */
  add(buffer: Buffer, from: number, to: number): void {
    if (this.open) this.open.to = to;
    else this.open = { buffer, from, to };
  }

  end(): void {
    if (this.open) this.whole.push(this.open.buffer.subarray(this.open.from, this.open.to));
    this.open = undefined;
  }

  bytes(): Buffer {
    this.end();
    const [first] = this.whole;
    return this.whole.length === 1 && first ? first : Buffer.concat(this.whole);
  }
}
