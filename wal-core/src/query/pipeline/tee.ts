import type { Batch } from './stage';

/**
 * One source read by several at once, none of which is ahead of the others by more than a batch: nothing is kept.
 * A reader that stops early lets the others go on; when the last one stops, so does the source.
 */
export class Tee {
  private readonly source: AsyncIterator<Batch>;
  private readers: number;
  /** Readers that asked for the next batch. */
  private waiting: {
    resolve: (result: IteratorResult<Batch>) => void;
    reject: (error: unknown) => void;
  }[] = [];
  private isEnded = false;

  constructor(source: AsyncIterable<Batch>, readers: number) {
    this.source = source[Symbol.asyncIterator]();
    this.readers = readers;
  }

  /** The documents for one reader. */
  async *reader(): AsyncGenerator<Batch> {
    for (;;) {
      const next = await new Promise<IteratorResult<Batch>>((resolve, reject) => {
        this.waiting.push({ resolve, reject });
        this.turn();
      });
      if (next.done === true) return;
      yield next.value;
    }
  }

  /** One reader less: it has read enough, or all. Every reader says so once. */
  leave(): void {
    this.readers--;
    this.turn();
  }

  /** Nothing more is read; those who wait are at the end. */
  stop(): void {
    if (this.isEnded) return;
    this.isEnded = true;
    void this.source.return?.();
    this.turn();
  }

  /** Reads on once all who are left ask for it. */
  private turn(): void {
    if (this.isEnded) {
      for (const { resolve } of this.waiting.splice(0)) resolve({ done: true, value: undefined });
      return;
    }
    if (this.waiting.length < this.readers) return;
    if (this.readers === 0) {
      this.isEnded = true;
      void this.source.return?.();
      return;
    }
    const waiting = this.waiting.splice(0);
    this.source.next().then(
      next => {
        if (next.done === true) this.isEnded = true;
        for (const { resolve } of waiting) resolve(next);
      },
      (error: unknown) => {
        this.isEnded = true;
        for (const { reject } of waiting) reject(error);
      }
    );
  }
}
