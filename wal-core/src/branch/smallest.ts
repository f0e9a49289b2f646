/** The first `count` of many things in an order, without sorting them all. */
export class Smallest<T> {
  private held: T[] = [];

  constructor(
    private readonly count: number,
    private readonly order: (a: T, b: T) => number
  ) {}

  add(item: T): void {
    this.held.push(item);
    if (this.held.length >= 2 * this.count + 64) {
      this.cut();
    }
  }

  sorted(): T[] {
    this.cut();
    return this.held;
  }

  private cut(): void {
    this.held.sort(this.order);
    this.held.length = Math.min(this.held.length, this.count);
  }
}
