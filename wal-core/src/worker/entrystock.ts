import { compareKeys } from '../store/order';

const START_BYTES = 64 * 1024;
const START_ENTRIES = 2_048;
/** Entries that a stock can have: with their numbers, heads of 32 bits fit into the 53 bits of a number. */
export const STOCK_ENTRIES_MAX = 2 ** 18;
const HEAD_BYTES = 4;

/** Takes entries: `[start, end)` of bytes that are good during the call, the first `keyLength` of them the KeyString. */
export interface EntryTaker {
  add(bytes: Buffer, start: number, end: number, keyLength: number): void;
}

/** Entries of an index, KeyString and docKey of each, in one stretch of memory, to be sorted. */
export class EntryStock {
  private memory = Buffer.allocUnsafeSlow(START_BYTES);
  private ends = new Uint32Array(START_ENTRIES);
  private keyLengths = new Uint16Array(START_ENTRIES);
  count = 0;
  bytes = 0;
  /** Whether each entry so far came behind those before, `given` ones included. */
  isAscending = true;
  /** The last entry that was given away. */
  private given: Buffer | undefined;

  /** Adds the entry of a key and of a document whose key is `[start, end)` of some bytes. */
  add(key: Buffer, source: Buffer, start: number, end: number): void {
    const begin = this.bytes;
    const stop = begin + key.length + end - start;
    this.makeRoom(stop);
    const { memory } = this;
    memory.set(key, begin);
    source.copy(memory, begin + key.length, start, end);
    this.ends[this.count] = stop;
    this.keyLengths[this.count] = key.length;
    this.count++;
    this.bytes = stop;
    if (this.isAscending) {
      this.isAscending = this.comesLast();
    }
  }

  private comesLast(): boolean {
    const { count, given } = this;
    return count === 1
      ? given === undefined || compareKeys(given, this.entry(0)) < 0
      : this.compare(count - 2, count - 1) < 0;
  }

  private makeRoom(bytes: number): void {
    if (bytes > this.memory.length) {
      const bigger = Buffer.allocUnsafeSlow(Math.max(bytes, this.memory.length * 2));
      this.memory.copy(bigger, 0, 0, this.bytes);
      this.memory = bigger;
    }
    if (this.count === this.ends.length) {
      const ends = new Uint32Array(this.count * 2);
      ends.set(this.ends);
      this.ends = ends;
      const keyLengths = new Uint16Array(this.count * 2);
      keyLengths.set(this.keyLengths);
      this.keyLengths = keyLengths;
    }
  }

  private start(i: number): number {
    return i === 0 ? 0 : this.ends[i - 1]!;
  }

  private entry(i: number): Buffer {
    return this.memory.subarray(this.start(i), this.ends[i]);
  }

  /** As `compareKeys` of two entries, without making them. */
  private compare(a: number, b: number, skip = 0): number {
    const { memory } = this;
    const [startA, startB] = [this.start(a), this.start(b)];
    const [endA, endB] = [this.ends[a]!, this.ends[b]!];
    const length = Math.min(endA - startA, endB - startB);
    for (let i = skip; i < length; i++) {
      const difference = memory[startA + i]! - memory[startB + i]!;
      if (difference !== 0) {
        return difference;
      }
    }
    return endA - startA - (endB - startB);
  }

  /** Gives all entries in their order, and is empty again. */
  giveTo(taker: EntryTaker): void {
    for (const i of this.order()) {
      taker.add(this.memory, this.start(i), this.ends[i]!, this.keyLengths[i]!);
    }
    this.given = this.isAscending && this.count > 0 ? Buffer.from(this.entry(this.count - 1)) : undefined;
    this.count = 0;
    this.bytes = 0;
  }

  private *order(): Generator<number> {
    const { count } = this;
    if (this.isAscending) {
      for (let i = 0; i < count; i++) {
        yield i;
      }
      return;
    }
    // Numbers are sorted without a call for each comparison: four bytes behind what all have in common, and which it is.
    const shared = this.sharedBytes();
    const heads = new Float64Array(count);
    for (let i = 0; i < count; i++) {
      heads[i] = this.headOf(i, shared) * STOCK_ENTRIES_MAX + i;
    }
    heads.sort();
    for (let from = 0; from < count;) {
      const head = Math.floor(heads[from]! / STOCK_ENTRIES_MAX);
      let to = from + 1;
      while (to < count && Math.floor(heads[to]! / STOCK_ENTRIES_MAX) === head) {
        to++;
      }
      if (to - from === 1) {
        yield heads[from]! % STOCK_ENTRIES_MAX;
      } else {
        // A short entry counts zeros for what it has not.
        const same = Array.from(heads.subarray(from, to), each => each % STOCK_ENTRIES_MAX);
        yield* same.sort((a, b) => this.compare(a, b, shared));
      }
      from = to;
    }
  }

  /** How many bytes all entries begin with alike. */
  private sharedBytes(): number {
    const { memory, count } = this;
    let shared = this.ends[0]!;
    for (let i = 1; i < count && shared > 0; i++) {
      const start = this.start(i);
      const length = Math.min(shared, this.ends[i]! - start);
      let at = 0;
      while (at < length && memory[start + at] === memory[at]) {
        at++;
      }
      shared = at;
    }
    return shared;
  }

  private headOf(i: number, shared: number): number {
    const { memory } = this;
    const start = this.start(i) + shared;
    const end = this.ends[i]!;
    let head = 0;
    for (let at = start; at < start + HEAD_BYTES; at++) {
      head = head * 256 + (at < end ? memory[at]! : 0);
    }
    return head;
  }
}
