import type { Sorter, Spill } from './api';
import { Heap } from './heap';
import { SpilledDocuments } from './spill';

/** Documents in one sorted run: sorting it takes about a millisecond. */
const RUN_LENGTH = 1024;
/** Documents in a batch of the result. */
const BATCH_LENGTH = 512;

/** What is compared: a document with the key that was taken out of it once. */
export interface SortEntry {
  readonly doc: Buffer;
  /** Bytes of the key in memory. */
  readonly keyBytes: number;
}

/** Bytes of the objects around a document and its key, so that many small documents count too. */
const ENTRY_BYTES = 64;

function sizeOf({ doc, keyBytes }: SortEntry): number {
  return doc.length + keyBytes + ENTRY_BYTES;
}

type Order<E> = (a: E, b: E) => number;

/** A number that the order of documents follows, the smaller first; undefined when it is not as simple. */
export type QuickKey = (bytes: Buffer, start: number) => number | undefined;

/** A sorter of all that is pushed; with `most`, of the first so many. */
export function sorterOf<E extends SortEntry>(
  entryOf: (doc: Buffer) => E,
  order: Order<E>,
  most?: number,
  quickKey?: QuickKey
): Sorter {
  return most === undefined ? new RunSorter(entryOf, order) : new TopSorter(entryOf, order, most, quickKey);
}

/** One sorted run while it is merged: its next entry. */
interface Head<E> {
  readonly run: number;
  entry: E;
  readonly rest: Iterator<E>;
}

/**
 * Sorts all that is pushed: in short runs as documents come, merged as the result is taken. Told to spill, it writes
 * what it holds as one long run to disk; the keys are taken out of the documents again when they are read back.
 */
class RunSorter<E extends SortEntry> implements Sorter {
  bytes = 0;
  private readonly spilled: SpilledDocuments[] = [];
  private runs: E[][] = [];
  private open: E[] = [];

  constructor(
    private readonly entryOf: (doc: Buffer) => E,
    private readonly order: Order<E>
  ) {}

  push(doc: Buffer): void {
    this.add(this.entryOf(doc));
  }

  isBeyond(): boolean {
    return false;
  }

  add(entry: E): void {
    this.bytes += sizeOf(entry);
    this.open.push(entry);
    if (this.open.length >= RUN_LENGTH) this.closeRun();
  }

  spill(to: Spill): void {
    this.closeRun();
    const run = new SpilledDocuments(to);
    for (const { doc } of this.merged(this.runs.map(entries => entries[Symbol.iterator]()))) run.push(doc);
    run.flush();
    this.spilled.push(run);
    this.runs = [];
    this.bytes = 0;
  }

  *finish(): Generator<readonly Buffer[]> {
    this.closeRun();
    let batch: Buffer[] = [];
    const runs = [
      ...this.spilled.map(run => this.entries(run.documents())),
      ...this.runs.map(entries => entries[Symbol.iterator]())
    ];
    for (const { doc } of this.merged(runs)) {
      batch.push(doc);
      if (batch.length === BATCH_LENGTH) {
        yield batch;
        batch = [];
      }
    }
    if (batch.length > 0) yield batch;
  }

  private *entries(docs: Iterable<Buffer>): Generator<E> {
    for (const doc of docs) yield this.entryOf(doc);
  }

  /** A heap of runs by their next entry. Of equals the earlier run goes first, so the sort is stable. */
  private *merged(runs: readonly Iterator<E>[]): Generator<E> {
    const heap = new Heap<Head<E>>((a, b) => this.order(a.entry, b.entry) || a.run - b.run);
    runs.forEach((rest, run) => {
      const first = rest.next();
      if (first.done !== true) heap.push({ run, entry: first.value, rest });
    });
    for (let head = heap.top; head !== undefined; head = heap.top) {
      yield head.entry;
      const next = head.rest.next();
      if (next.done === true) heap.pop();
      else {
        head.entry = next.value;
        heap.topChanged();
      }
    }
  }

  private closeRun(): void {
    if (this.open.length === 0) return;
    this.runs.push(this.open.sort(this.order));
    this.open = [];
  }
}

/** Keeps the first `most` in order of all that is pushed, and no more. */
class TopSorter<E extends SortEntry> implements Sorter {
  private held = 0;
  private pushed = 0;
  /** The last of those that are kept is on top. */
  private readonly heap: Heap<{ readonly entry: E; readonly at: number }>;
  /** Takes over when even the first so many are too many for memory. */
  private all: RunSorter<E> | undefined;
  /** The quick key of the last that is kept, once there are as many as there may be. */
  private bound: number | undefined;

  constructor(
    private readonly entryOf: (doc: Buffer) => E,
    private readonly order: Order<E>,
    private readonly most: number,
    private readonly quickKey: QuickKey = () => undefined
  ) {
    this.heap = new Heap((a, b) => order(b.entry, a.entry) || b.at - a.at);
  }

  get bytes(): number {
    return this.all?.bytes ?? this.held;
  }

  isBeyond(bytes: Buffer, start: number): boolean {
    if (this.bound === undefined) return false;
    const key = this.quickKey(bytes, start);
    return key !== undefined && key > this.bound;
  }

  push(doc: Buffer): void {
    if (this.all !== undefined) {
      this.all.push(doc);
      return;
    }
    if (this.isBeyond(doc, 0)) return;
    const { heap } = this;
    const kept = { entry: this.entryOf(doc), at: this.pushed++ };
    if (heap.size < this.most) {
      this.held += sizeOf(kept.entry);
      heap.push(kept);
      if (heap.size === this.most) this.noteBound();
      return;
    }
    const last = heap.top;
    if (last === undefined || heap.order(kept, last) <= 0) return;
    this.held += sizeOf(kept.entry) - sizeOf(last.entry);
    heap.replaceTop(kept);
    this.noteBound();
  }

  private noteBound(): void {
    this.bound = this.quickKey(this.heap.top!.entry.doc, 0);
  }

  spill(to: Spill): void {
    if (this.all === undefined) {
      this.bound = undefined;
      this.all = new RunSorter(this.entryOf, this.order);
      const kept: E[] = [];
      while (this.heap.size > 0) kept.push(this.heap.pop()!.entry);
      for (const entry of kept.reverse()) this.all.add(entry);
    }
    this.all.spill(to);
  }

  *finish(): Generator<readonly Buffer[]> {
    if (this.all !== undefined) {
      let left = this.most;
      for (const batch of this.all.finish()) {
        yield batch.slice(0, left);
        left -= batch.length;
        if (left <= 0) return;
      }
      return;
    }
    const { heap } = this;
    const docs = new Array<Buffer>(heap.size);
    for (let at = docs.length - 1; at >= 0; at--) {
      docs[at] = heap.pop()!.entry.doc;
      if (at % BATCH_LENGTH === 0) yield [];
    }
    for (let at = 0; at < docs.length; at += BATCH_LENGTH) yield docs.slice(at, at + BATCH_LENGTH);
  }
}
