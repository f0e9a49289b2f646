import { int32At } from '../../bson';
import type { Sorter, Spill } from '../api';
import { sorterOf, type SortEntry } from '../sorter';
import { Memory, type Batch, type Run } from './stage';

/** Documents by their position. An array is one. */
export interface DocumentList {
  readonly length: number;
  at(position: number): Buffer | undefined;
}

const WRITE_BYTES = 1024 * 1024;
const READ_BYTES = 256 * 1024;
/** Stretches of the file in memory: a window has a place where it begins and one where it ends. */
const BLOCKS_MAX = 4;

/** A list on disk, but for a short one. What it gives may be read from there, and is not to be kept. */
export class SpilledList implements DocumentList {
  private readonly starts: number[] = [];
  private waiting: Buffer[] = [];
  private waitingBytes = 0;
  private end = 0;
  private base: number | undefined;
  private blocks: { readonly from: number; readonly bytes: Buffer }[] = [];

  private spill: Spill | undefined;

  /** @param open makes a file that is this list's alone */
  constructor(private readonly open: () => Spill) {}

  get length(): number {
    return this.starts.length;
  }

  push(doc: Buffer): void {
    this.starts.push(this.end);
    this.end += doc.length;
    this.waiting.push(doc);
    this.waitingBytes += doc.length;
    if (this.waitingBytes >= WRITE_BYTES) this.flush();
  }

  at(position: number): Buffer | undefined {
    const start = this.starts[position];
    if (start === undefined) return undefined;
    if (this.base === undefined) return this.waiting[position];
    if (this.waitingBytes > 0) this.flush();
    const length = (this.starts[position + 1] ?? this.end) - start;
    let block = this.blocks.find(({ from, bytes }) => start >= from && start + length <= from + bytes.length);
    if (block === undefined) {
      const bytes = Buffer.allocUnsafe(Math.min(Math.max(READ_BYTES, length), this.end - start));
      const read = this.spill!.read(this.base + start, bytes);
      if (read < length) throw new RangeError('a spilled document was cut off');
      block = { from: start, bytes };
      this.blocks = [block, ...this.blocks.slice(0, BLOCKS_MAX - 1)];
    }
    const at = start - block.from;
    return block.bytes.subarray(at, at + int32At(block.bytes, at));
  }

  close(): void {
    this.spill?.close();
  }

  private flush(): void {
    this.spill ??= this.open();
    const at = this.spill.append(Buffer.concat(this.waiting));
    this.base ??= at;
    this.waiting = [];
    this.waitingBytes = 0;
  }
}

/** All documents of a source: as they came where they have room in memory, in order and partly on disk where not. */
export type Gathered = { readonly docs: Buffer[] } | { readonly sorter: Sorter };

/** Gathers what an order is needed of; `spill` is asked for once memory is full. @throws 292 without one */
export async function gather<E extends SortEntry>(
  source: AsyncIterable<Batch>,
  run: Run,
  stage: string,
  spill: (() => Spill) | undefined,
  { entryOf, order }: { entryOf: (doc: Buffer) => E; order: (a: E, b: E) => number }
): Promise<Gathered> {
  const memory = new Memory(run, stage);
  const docs: Buffer[] = [];
  let used = 0;
  let sorter: Sorter | undefined;
  for await (const batch of source) {
    if (sorter === undefined) {
      for (const doc of batch) {
        used += doc.length + 64;
        docs.push(doc);
      }
      if (spill === undefined) memory.hold(used);
      else if (memory.exceeds(used)) {
        sorter = sorterOf(entryOf, order);
        for (const doc of docs.splice(0)) sorter.push(doc);
        sorter.spill(spill());
      }
      continue;
    }
    for (const doc of batch) sorter.push(doc);
    if (memory.exceeds(sorter.bytes)) sorter.spill(spill!());
  }
  return sorter === undefined ? { docs } : { sorter };
}

/** Scratch files of one stage: one for what is sorted, one for each list. */
export class Scratch {
  private readonly lists: SpilledList[] = [];
  private shared: Spill | undefined;

  constructor(private readonly make: (() => Spill) | undefined) {}

  /** The file of the sort; undefined where nothing may go to disk. */
  get forSorting(): (() => Spill) | undefined {
    return this.make === undefined ? undefined : () => (this.shared ??= this.make!());
  }

  /** A list of its own, closed with the others unless it is before. */
  list(): SpilledList {
    const list = new SpilledList(this.make!);
    this.lists.push(list);
    return list;
  }

  done(list: SpilledList): void {
    this.lists.splice(this.lists.indexOf(list), 1);
    list.close();
  }

  close(): void {
    for (const list of this.lists.splice(0)) list.close();
    this.shared?.close();
  }
}
