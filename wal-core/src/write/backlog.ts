interface Waiter {
  /** Number of items that must be done. */
  readonly until: number;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** What waits to be done in order, and those who wait for it to be done. */
export class Backlog<T> {
  private items: T[] = [];
  /** Items before this one are taken. */
  private first = 0;
  private added = 0;
  private done = 0;
  private waiters: Waiter[] = [];

  get length(): number {
    return this.items.length - this.first;
  }

  /** Whether somebody waits. */
  get isAwaited(): boolean {
    return this.waiters.length > 0;
  }

  push(item: T): void {
    this.added++;
    this.items.push(item);
  }

  /** An item that is not taken yet, counted from the oldest. */
  at(index: number): T | undefined {
    return this.items[this.first + index];
  }

  /** Takes the oldest items. They count as done when `finish` says so. */
  take(count: number): T[] {
    const taken = this.items.slice(this.first, this.first + count);
    this.first += count;
    if (this.first * 2 >= this.items.length) {
      this.items = this.items.slice(this.first);
      this.first = 0;
    }
    return taken;
  }

  /** Those who wait learn why what they wait for is not done yet. */
  refuse(error: unknown): void {
    for (const waiter of this.waiters.splice(0)) {
      waiter.reject(error);
    }
  }

  /** So many items more are done, in the order in which they were added. */
  finish(count: number): void {
    this.done += count;
    let reached = 0;
    while (reached < this.waiters.length && this.waiters[reached]!.until <= this.done) {
      this.waiters[reached++]!.resolve();
    }
    this.waiters.splice(0, reached);
  }

  /** Resolves when everything added so far is done. */
  settled(): Promise<void> {
    const until = this.added;
    return this.done >= until
      ? Promise.resolve()
      : new Promise((resolve, reject) => this.waiters.push({ until, resolve, reject }));
  }

  /** Takes what is left; those who wait for it learn why it will not be done. */
  fail(error: unknown): T[] {
    this.refuse(error);
    return this.take(this.length);
  }

  /** Drops what is not taken. */
  clear(): void {
    this.take(this.length);
  }
}
