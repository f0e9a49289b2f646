import type { Sorter } from './api';

/** Documents in one sorted run: sorting it takes about a millisecond. */
const RUN_LENGTH = 1024;
/** Documents in a batch of the result. */
const BATCH_LENGTH = 512;

/** What is compared: a document with the key that was taken out of it once. */
export interface SortEntry {
  readonly doc: Buffer;
  readonly key: string;
}

/** Bytes of the objects around a document and its key, so that many small documents count too. */
const ENTRY_BYTES = 64;

function sizeOf({ doc, key }: SortEntry): number {
  return doc.length + key.length + ENTRY_BYTES;
}

type Order<E> = (a: E, b: E) => number;

/** Sorts all that is pushed: in short runs as documents come, merged as the result is taken. */
export class RunSorter<E extends SortEntry> implements Sorter {
  bytes = 0;
  private readonly runs: E[][] = [];
  private open: E[] = [];

  constructor(
    private readonly entryOf: (doc: Buffer) => E,
    private readonly order: Order<E>
  ) {}

  push(doc: Buffer): void {
    const entry = this.entryOf(doc);
    this.bytes += sizeOf(entry);
    this.open.push(entry);
    if (this.open.length >= RUN_LENGTH) this.closeRun();
  }

  *finish(): Generator<readonly Buffer[]> {
    this.closeRun();
    // A heap of runs by their next entry. Of equals the earlier run goes first, so the sort is stable.
    const heads = this.runs.map((entries, run) => ({ entries, run, at: 0 }));
    const heap = new Heap<(typeof heads)[number]>(
      (a, b) => this.order(a.entries[a.at]!, b.entries[b.at]!) || a.run - b.run
    );
    for (const head of heads) heap.push(head);
    let batch: Buffer[] = [];
    for (let head = heap.top; head !== undefined; head = heap.top) {
      batch.push(head.entries[head.at]!.doc);
      head.at++;
      if (head.at < head.entries.length) heap.topChanged();
      else heap.pop();
      if (batch.length === BATCH_LENGTH) {
        yield batch;
        batch = [];
      }
    }
    if (batch.length > 0) yield batch;
  }

  private closeRun(): void {
    if (this.open.length === 0) return;
    this.runs.push(this.open.sort(this.order));
    this.open = [];
  }
}

/** Keeps the first `most` in order of all that is pushed, and no more. */
export class TopSorter<E extends SortEntry> implements Sorter {
  bytes = 0;
  private pushed = 0;
  /** The last of those that are kept is on top. */
  private readonly heap: Heap<{ readonly entry: E; readonly at: number }>;

  constructor(
    private readonly entryOf: (doc: Buffer) => E,
    order: Order<E>,
    private readonly most: number
  ) {
    this.heap = new Heap((a, b) => order(b.entry, a.entry) || b.at - a.at);
  }

  push(doc: Buffer): void {
    const { heap } = this;
    const kept = { entry: this.entryOf(doc), at: this.pushed++ };
    if (heap.size < this.most) {
      this.bytes += sizeOf(kept.entry);
      heap.push(kept);
      return;
    }
    const last = heap.top;
    if (last === undefined || heap.order(kept, last) <= 0) return;
    this.bytes += sizeOf(kept.entry) - sizeOf(last.entry);
    heap.replaceTop(kept);
  }

  *finish(): Generator<readonly Buffer[]> {
    const { heap } = this;
    const docs = new Array<Buffer>(heap.size);
    for (let at = docs.length - 1; at >= 0; at--) {
      docs[at] = heap.pop()!.entry.doc;
      if (at % BATCH_LENGTH === 0) yield [];
    }
    for (let at = 0; at < docs.length; at += BATCH_LENGTH) yield docs.slice(at, at + BATCH_LENGTH);
  }
}

/** A binary heap with the first in order on top. */
class Heap<I> {
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
