/** A binary heap with the first in order on top. */
export class Heap<I> {
  private readonly items: I[] = [];

  constructor(readonly order: (a: I, b: I) => number) {}

  get size(): number {
    return this.items.length;
  }

  get top(): I | undefined {
    return this.items[0];
  }

  push(item: I): void {
    const { items } = this;
    let at = items.length;
    items.push(item);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (this.order(items[parent]!, item) <= 0) break;
      items[at] = items[parent]!;
      at = parent;
    }
    items[at] = item;
  }

  pop(): I | undefined {
    const first = this.items[0];
    const last = this.items.pop();
    if (this.items.length > 0) this.replaceTop(last!);
    return first;
  }

  replaceTop(item: I): void {
    this.items[0] = item;
    this.topChanged();
  }

  /** Puts the top where it belongs after its rank changed. */
  topChanged(): void {
    const { items } = this;
    const item = items[0]!;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= items.length) break;
      if (child + 1 < items.length && this.order(items[child + 1]!, items[child]!) < 0) child++;
      if (this.order(item, items[child]!) <= 0) break;
      items[at] = items[child]!;
      at = child;
    }
    items[at] = item;
  }
}
