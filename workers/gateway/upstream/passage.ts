/** From somebody who calls back to somebody who reads: what is not read in time gives way to what is newer. */
export class Passage<T> implements AsyncIterable<T> {
  private newest: { readonly value: T } | undefined;
  private ended = false;
  private wake: (() => void) | undefined;

  put(value: T): void {
    this.newest = { value };
    this.wake?.();
  }

  end(): void {
    this.ended = true;
    this.wake?.();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T> {
    for (;;) {
      const { newest } = this;
      this.newest = undefined;
      if (newest) yield newest.value;
      else if (this.ended) return;
      else await new Promise<void>((resolve) => (this.wake = resolve));
    }
  }
}
