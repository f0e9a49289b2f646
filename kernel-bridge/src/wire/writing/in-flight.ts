/**
 * Slices of one command on their way to the disk: the next is staged while those before it are flushed. Each is settled
 * in the order in which it was begun.
 */
export class InFlight<T> {
  private readonly begun: Promise<T>[] = [];

  /** @param max how many there are at a time */
  constructor(
    private readonly max: number,
    private readonly settled: (slice: T) => void
  ) {}

  /**
   * Adds one; waits for the oldest when there are as many as may be. One flush settles several of them: who adds yields
   * to the loop between two, whether it has waited or not.
   */
  async add(slice: Promise<T>): Promise<void> {
    this.begun.push(slice);
    if (this.begun.length >= this.max) {
      await this.settleOldest();
    }
  }

  /** Waits for all of them. */
  async drain(): Promise<void> {
    while (this.begun.length > 0) {
      await this.settleOldest();
    }
  }

  /** Waits for all that are left after one has failed, so that none of them fails unobserved; settles those that did not. */
  async abandon(): Promise<void> {
    for (const outcome of await Promise.allSettled(this.begun.splice(0))) {
      if (outcome.status === 'fulfilled') {
        this.settled(outcome.value);
      }
    }
  }

  private async settleOldest(): Promise<void> {
    const [oldest] = this.begun;
    try {
      this.settled(await oldest!);
    } finally {
      void this.begun.shift();
    }
  }
}
