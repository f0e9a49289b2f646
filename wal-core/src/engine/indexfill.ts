import type { Lsn } from '../api';
import { encodeEntry, LIVE } from '../index/entry';
import { INDEX_FILL_BEGUN_MAX, INDEX_FILL_RECORDS_MAX } from '../limits';
import { Pace } from '../log/pace';
import type { OrderedStore, Put } from '../store/store';
import type { PackedEntries } from '../worker/entrypack';

/**
 * Brings the sorted entries of a new index into the state. Neighbours share pages, so that a transaction may take more
 * of them than of changes, which are scattered; while some are written, the next is made ready.
 */
export class IndexFill {
  /** What stands in the rows, by length of the KeyString. */
  private readonly values = new Map<number, Buffer>();
  private readonly pace: Pace;
  private puts: Put[] = [];
  /** Transactions on their way, oldest first. */
  private readonly begun: Promise<void>[] = [];

  constructor(
    private readonly store: Pick<OrderedStore, 'write'>,
    /** Since when the entries are live. */
    private readonly lsn: Lsn,
    signal?: AbortSignal
  ) {
    this.pace = new Pace(signal);
  }

  /** @throws CANCELLED */
  async put({ bytes, ends, keyLengths }: PackedEntries): Promise<void> {
    let start = 0;
    for (const [i, end] of ends.entries()) {
      this.puts.push({
        table: 'idx',
        key: Buffer.from(bytes, start, end - start),
        value: this.value(keyLengths[i]!)
      });
      start = end;
      if (this.puts.length >= INDEX_FILL_RECORDS_MAX) {
        await this.write();
      }
    }
  }

  private value(keyLength: number): Buffer {
    let value = this.values.get(keyLength);
    if (value === undefined) {
      value = encodeEntry(LIVE, this.lsn, keyLength);
      this.values.set(keyLength, value);
    }
    return value;
  }

  /** Begins a transaction, when not too many are on their way, and waits for a turn. */
  private async write(): Promise<void> {
    if (this.begun.length >= INDEX_FILL_BEGUN_MAX) {
      await this.begun.shift();
    }
    const { puts } = this;
    this.puts = [];
    const written = this.store.write(puts);
    // It may fail before anybody waits for it.
    written.catch(() => undefined);
    this.begun.push(written);
    await this.pace.rest();
  }

  /** Resolves when all of it is in the state. */
  async end(): Promise<void> {
    await this.write();
    await Promise.all(this.begun.splice(0));
  }
}
