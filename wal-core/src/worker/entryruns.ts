import { openSpill } from '../query';
import { Heap } from '../query/heap';
import { compareKeys } from '../store/order';
import { EntryStock, type EntryTaker, STOCK_ENTRIES_MAX } from './entrystock';

/** Bytes of a run that are written, and read, in one go. */
const STEP_BYTES = 64 * 1024;
/** In front of each entry of a run: its length, and that of its KeyString. */
const HEAD_BYTES = 4;
/** Entries that came in their order are given away when there are so many bytes of them. */
const GIVE_BYTES = 256 * 1024;
/** Entries that are merged between two looks at the clock. */
const MERGE_STEP = 256;

interface Run {
  readonly at: number;
  readonly bytes: number;
}

/**
 * Sorts the entries of an index in bounded memory: what is too much goes into a file as sorted runs. As long as
 * entries come in their order, as those of times and counters do, they are given away at once.
 */
export class EntryRuns {
  private readonly stock = new EntryStock();
  private readonly runs: Run[] = [];
  private file: ReturnType<typeof openSpill> | undefined;
  private hasGiven = false;
  private inOrder = true;

  constructor(
    private readonly taker: EntryTaker,
    /** Bytes of entries that are held in memory. */
    private readonly bytesMax: number,
    /** Where the file may lie. */
    private readonly directory: string
  ) {}

  /** Whether everything that was given away was in one order. */
  get isOneOrder(): boolean {
    return this.inOrder;
  }

  add(key: Buffer, source: Buffer, start: number, end: number): void {
    const { stock } = this;
    stock.add(key, source, start, end);
    if (!stock.isAscending && this.hasGiven) {
      this.inOrder = false;
    }
    if (stock.isAscending && stock.bytes >= Math.min(GIVE_BYTES, this.bytesMax)) {
      this.hasGiven = true;
      stock.giveTo(this.taker);
    } else if (stock.bytes >= this.bytesMax || stock.count >= STOCK_ENTRIES_MAX) {
      this.leave();
    }
  }

  private leave(): void {
    this.file ??= openSpill(this.directory);
    const at = this.file.bytes;
    const writer = new RunWriter(this.file);
    this.stock.giveTo(writer);
    writer.flush();
    this.runs.push({ at, bytes: this.file.bytes - at });
  }

  /** Gives away the rest, in steps. */
  *finish(): Generator<void> {
    if (this.runs.length === 0) {
      this.stock.giveTo(this.taker);
      return;
    }
    if (this.stock.count > 0) {
      this.leave();
    }
    const heap = new Heap<RunReader>((a, b) => compareKeys(a.entry, b.entry));
    for (const { at, bytes } of this.runs) {
      const reader = new RunReader(this.file!, at, bytes);
      if (reader.advance()) {
        heap.push(reader);
      }
    }
    let count = 0;
    for (let top = heap.top; top !== undefined; top = heap.top) {
      this.taker.add(top.entry, 0, top.entry.length, top.keyLength);
      if (top.advance()) {
        heap.topChanged();
      } else {
        heap.pop();
      }
      if (++count % MERGE_STEP === 0) {
        yield;
      }
    }
  }

  close(): void {
    this.file?.close();
  }
}

class RunWriter implements EntryTaker {
  private readonly memory = Buffer.allocUnsafe(STEP_BYTES);
  private used = 0;

  constructor(private readonly file: ReturnType<typeof openSpill>) {}

  add(bytes: Buffer, start: number, end: number, keyLength: number): void {
    const length = end - start;
    if (this.used + HEAD_BYTES + length > STEP_BYTES) {
      this.flush();
    }
    const { memory, used } = this;
    memory.writeUInt16BE(length, used);
    memory.writeUInt16BE(keyLength, used + 2);
    bytes.copy(memory, used + HEAD_BYTES, start, end);
    this.used = used + HEAD_BYTES + length;
  }

  flush(): void {
    this.file.append(this.memory.subarray(0, this.used));
    this.used = 0;
  }
}

/** The entries of a run, one after another. */
class RunReader {
  entry: Buffer = Buffer.alloc(0);
  keyLength = 0;
  private block: Buffer = Buffer.alloc(0);
  private at = 0;

  constructor(
    private readonly file: ReturnType<typeof openSpill>,
    private next: number,
    private left: number
  ) {}

  /** Goes to the next entry; false at the end. */
  advance(): boolean {
    if (!this.has(HEAD_BYTES)) {
      return false;
    }
    const length = this.block.readUInt16BE(this.at);
    this.keyLength = this.block.readUInt16BE(this.at + 2);
    if (!this.has(HEAD_BYTES + length)) {
      throw new RangeError('a run of entries was cut off');
    }
    this.at += HEAD_BYTES + length;
    this.entry = this.block.subarray(this.at - length, this.at);
    return true;
  }

  private has(bytes: number): boolean {
    if (this.block.length - this.at >= bytes) {
      return true;
    }
    const rest = this.block.subarray(this.at);
    const block = Buffer.allocUnsafe(rest.length + Math.min(STEP_BYTES, this.left));
    rest.copy(block);
    const wanted = block.length - rest.length;
    if (wanted > 0 && this.file.read(this.next, block.subarray(rest.length)) < wanted) {
      throw new RangeError('a run of entries was cut off');
    }
    this.next += wanted;
    this.left -= wanted;
    this.block = block;
    this.at = 0;
    return block.length >= bytes;
  }
}
