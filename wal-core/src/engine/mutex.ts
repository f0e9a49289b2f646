/** Runs tasks of one kind one after another. */
export class Mutex {
  private tail: Promise<unknown> = Promise.resolve();
  private waiting = 0;

  /** Whether a task runs or waits. */
  get busy(): boolean {
    return this.waiting > 0;
  }

  run<T>(task: () => Promise<T>): Promise<T> {
    this.waiting++;
    const result = this.tail.then(task);
    this.tail = result
      .catch(() => undefined)
      .finally(() => {
        this.waiting--;
      });
    return result;
  }

  /** Resolves when no task runs or waits. */
  async idle(): Promise<void> {
    while (this.waiting > 0) {
      await this.tail;
    }
  }
}
